import { CONFIG_CASES } from "./services_cases/config.ts";
import { testCases } from "./services_cases/harness.ts";

testCases(CONFIG_CASES);
