/**
 * State: what is on disk and survives a restart. The data folder with its modes, and SQLite files with
 * their migrations. The room knows nothing of who uses it.
 *
 * @module
 */

export { type AuditEvent, type AuditRecord, AuditTrail } from "./audit_trail.ts";
export { DataFolder, makePrivateFile, makePrivateFolder, pluginDataFolder } from "./data_folder.ts";
export { announceService, FolderLock, type RunningService, runningService } from "./folder_lock.ts";
export { type ApprovalRecord, type PluginRecord, PluginRecords } from "./plugin_records.ts";
export { TOKEN_SCOPES, type TokenRecord, type TokenScope, TokenStore } from "./token_store.ts";
