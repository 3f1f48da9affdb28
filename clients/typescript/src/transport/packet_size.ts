// What an event weighs on the wire. The server closes the connection for a message above its
// `maxPayload` (docs/protocol.md section 6), so who sends has to know before.

/** The packet types of Engine.IO and Socket.IO, and an ack id of at most 16 digits. */
const kPrefixBytes = 18;

const encoder = new TextEncoder();

/** The bytes of `42<ack id>["event",payload]` at most. O(size). */
export function packetBytes(event: string, payload: object): number {
  return kPrefixBytes + encoder.encode(JSON.stringify([event, payload])).length;
}
