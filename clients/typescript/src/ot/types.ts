// The registry of types by their wire name.

import { CloudSyncError } from "../errors.js";
import { jsonType } from "./json.js";
import { richTextType } from "./rich_text.js";
import { textType } from "./text.js";
import type { Content, Op, OtType, TypeName } from "./type.js";

const kTypes: { [Name in TypeName]: OtType<Content<Name>, Op<Name>> } = {
  text: textType,
  "rich-text": richTextType,
  json: jsonType,
};

export function isTypeName(name: unknown): name is TypeName {
  return typeof name === "string" && Object.hasOwn(kTypes, name);
}

/** Throws CloudSyncError `bad_reply` for a type of a newer server. */
export function typeByName(name: unknown): OtType<Content<TypeName>, Op<TypeName>> {
  if (!isTypeName(name)) throw new CloudSyncError("bad_reply", `Unknown document type ${String(name)}.`);
  return kTypes[name] as OtType<Content<TypeName>, Op<TypeName>>;
}
