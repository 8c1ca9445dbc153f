/**
 * State: what is on disk and survives a restart. The data folder with its modes, and SQLite files with
 * their migrations. The room knows nothing of who uses it.
 *
 * @module
 */

export { type AuditEvent, type AuditRecord, AuditTrail } from "./audit_trail.ts";
export { DataFolder, makePrivateFile, makePrivateFolder } from "./data_folder.ts";
export { type PluginRecord, PluginRecords } from "./plugin_records.ts";
