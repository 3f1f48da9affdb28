// What is measured: each cell is a load that several servers get.

const rooms = ["cloudsync", "socket.io", "cloudsync-websocket", "ws", "beast"];
const documents = ["cloudsync-sqlite", "cloudsync-memory", "sharedb"];

/** So many messages always on their way in each room (--in-flight). */
const closed = (inFlight) => () => ({ inFlight });
/** Operations due per second in all: a client of CloudSync makes one operation of what is due while one is in flight. */
const open = (rate) => () => ({ rate });
/** Each as much as it can take: ShareDB's clients always have one operation in flight each. */
const full = (members, rate) => (server) => (server === "sharedb" ? { inFlight: members } : { rate });

/** By name: `rooms` times `members` connections; server CPU is told for each of `per`. */
export const cells = {
  "room-1000": {
    title: "room of 1,000", per: "delivery", servers: rooms, rooms: 1, members: 1000, load: closed(1),
  },
  "room-1000-8": {
    title: "room of 1,000, 8 in flight", per: "delivery", servers: rooms, rooms: 1, members: 1000, load: closed(8),
  },
  "rooms-10": { title: "1,000 rooms of 10", per: "delivery", servers: rooms, rooms: 1000, members: 10, load: closed(1) },
  "room-10000": {
    title: "room of 10,000", per: "delivery", servers: rooms, rooms: 1, members: 10_000, load: closed(1),
  },
  "echo-1000": {
    title: "echo, 1,000 connections", per: "delivery", servers: rooms, rooms: 1000, members: 1, echo: true,
    load: closed(1),
  },
  "documents-1": {
    title: "1,000 documents of one writer", per: "operation", servers: documents, rooms: 1000, members: 1,
    load: full(1, 12_000),
  },
  "documents-10-rate": {
    title: "100 documents of 10 writers, 500 operations/s", per: "operation", servers: documents, rooms: 100,
    members: 10, load: open(500),
  },
  "documents-10": {
    title: "100 documents of 10 writers", per: "operation", servers: documents, rooms: 100, members: 10,
    load: full(10, 8000),
  },
  "documents-100": {
    title: "one document of 100 writers", per: "operation", servers: documents, rooms: 1, members: 100,
    load: full(100, 4000),
  },
};

/** The same, smaller: `scale` (0 to 1) of the rooms, or of the members of a single one, and of the load. */
export function scaled(cell, scale) {
  const members = cell.rooms === 1 ? Math.ceil(cell.members * scale) : cell.members;
  return {
    ...cell,
    rooms: Math.ceil(cell.rooms * scale),
    members,
    load: (server) => {
      const { inFlight, rate } = cell.load(server);
      return rate ? { rate: Math.ceil(rate * scale) } : { inFlight: Math.min(inFlight, cell.echo ? inFlight : members) };
    },
  };
}

/** Options of cloudsync-loadtest. */
export function loadOptions(cell, server) {
  const { inFlight, rate } = cell.load(server);
  return ["--connections", cell.rooms * cell.members, "--documents", cell.rooms, ...(cell.echo ? ["--echo"] : []),
    ...(rate ? ["--ops-per-second", rate] : ["--in-flight", inFlight])].map(String);
}
