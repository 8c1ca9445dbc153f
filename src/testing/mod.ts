/**
 * Tests of plugins without a server: cases from files, played with the real cell and the real host services, and
 * recorded answers in the place of the internet.
 *
 * The room promises that what a case shows holds in a host too, because between the case and the guest everything is the
 * host's own, the rules of the network included; and that nothing is ever reached. It knows neither terminals nor
 * compilers. Begin with `run_case.ts`.
 *
 * @module
 */

export { type Case, type CaseCall, type Expectation, parseCases } from "./case.ts";
export { type CaseOutcome, runCase, type TestPlace } from "./run_case.ts";
