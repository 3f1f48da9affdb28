// Reads what the server sends about a document into typed values. What is malformed throws
// CloudSyncError `bad_reply`: it is never guessed at.

import { CloudSyncError } from "../errors.js";
import type { ClientCredentials } from "../identity.js";
import { isPosition, type OtType } from "../ot/type.js";
import type { LogEntry } from "./state.js";

export type Member = { clientId: string; userId: string; name: string };

export type JoinReply = {
  typeName: unknown;
  title: string;
  revision: number;
  hash: string | undefined;
  members: Member[];
  memberCount: number;
  client: ClientCredentials | undefined;
  snapshot: unknown;
  snapshotUrl: string | undefined;
  /** The operations after the revision that was given, if one was. */
  hasOps: boolean;
};

type Fields = Record<string, unknown>;

export function fieldsOf(value: unknown): Fields {
  return (typeof value === "object" && value !== null ? value : {}) as Fields;
}

export function stringOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function revisionOf(value: unknown): number {
  if (!isPosition(value)) {
    throw new CloudSyncError("bad_reply", "A revision is missing or malformed.");
  }
  return value;
}

export function memberOf(value: unknown): Member {
  const { clientId, userId, name } = fieldsOf(value);
  return { clientId: stringOf(clientId), userId: stringOf(userId), name: stringOf(name) };
}

function credentialsOf(value: unknown): ClientCredentials | undefined {
  const { id, secret } = fieldsOf(value);
  return typeof id === "string" && typeof secret === "string" ? { id, secret } : undefined;
}

export function joinReplyOf(fields: Fields): JoinReply {
  const members = Array.isArray(fields.members) ? fields.members.map(memberOf) : [];
  return {
    typeName: fields.type,
    title: stringOf(fields.title),
    revision: revisionOf(fields.revision),
    hash: typeof fields.hash === "string" ? fields.hash : undefined,
    members,
    memberCount: typeof fields.memberCount === "number" ? fields.memberCount : members.length + 1,
    client: credentialsOf(fields.client),
    snapshot: fields.snapshot,
    snapshotUrl: typeof fields.snapshotUrl === "string" ? fields.snapshotUrl : undefined,
    hasOps: Array.isArray(fields.ops),
  };
}

/** Reads the `ops` of a frame or a reply; the first belongs to `firstRevision`. */
export function logEntriesOf<C, O>(
  type: OtType<C, O>, ops: unknown, firstRevision: number, hash: string | undefined,
): LogEntry<O>[] {
  if (!Array.isArray(ops)) throw new CloudSyncError("bad_reply", "A list of operations is missing.");
  return ops.map((value: unknown, i) => {
    const { op, clientId, userId, seq } = fieldsOf(value);
    return {
      revision: firstRevision + i,
      op: type.opFromWire(op),
      clientId: stringOf(clientId),
      userId: stringOf(userId),
      seq: typeof seq === "number" ? seq : 0,
      hash: i === ops.length - 1 ? hash : undefined,
    };
  });
}
