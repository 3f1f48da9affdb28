// @cloudsync/client: what applications use.

export { CloudSyncClient } from "./client.js";
export type { ClientEvents, ClientOptions, DocumentInfo } from "./client.js";
export { CollaborativeDocument } from "./document/collaborative_document.js";
export type { Change, DocumentEvents, SaveState, UnsentCopy } from "./document/collaborative_document.js";
export type { Presence, PresenceState } from "./document/presence.js";
export type { Member } from "./document/wire.js";
export { CloudSyncError } from "./errors.js";
export type { ErrorCode, LocalCode, WireCode } from "./errors.js";
export { MemoryIdentity, TabIdentity, defaultIdentity } from "./identity.js";
export type { ClientCredentials, Identity } from "./identity.js";
export { diffJson } from "./ot/json_diff.js";
export type { JsonComponent, JsonOp } from "./ot/json_op.js";
export type { JsonKey, JsonPath, JsonValue } from "./ot/json_value.js";
export { Delta } from "./ot/rich_text.js";
export type { DeltaOp } from "./ot/rich_text.js";
export { codePointCount, diffText } from "./ot/text.js";
export type { TextOp, TextOpComponent } from "./ot/text.js";
export type { Content, Op, Selection, TypeName } from "./ot/type.js";
export { systemScheduler } from "./scheduler.js";
export type { Scheduler, Timer } from "./scheduler.js";
export { socketIoTransport } from "./transport/socket_io_transport.js";
export type { Transport, TransportFactory, TransportHandlers, TransportOptions } from "./transport/transport.js";
