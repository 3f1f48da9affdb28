#pragma once
// Every limit of a node, with its default and its reason. Each is a setting `limits.<name>` (docs/
// configuration.md) and counts in cloudsync_limit_reached_total{limit="<name>"} when it is met.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace cloudsync {

struct Limits {
  // --- HTTP and transports (src/gateway) ---
  /// Request line plus headers; 8 KiB is what nginx and Node accept, twice that leaves room for
  /// cookies.
  std::size_t http_header_bytes = 16 * 1024;
  /// Body of one REST request.
  std::size_t http_body_bytes = 1024 * 1024;
  /// Engine.IO maxPayload: one WebSocket message or one polling body (stock Socket.IO: 1,000,000).
  std::size_t payload_bytes = 1'000'000;
  /// Fragments of one WebSocket message; bounds work per message (CVE-2026-48779). Memory is
  /// bounded by payload_bytes, however many they are.
  std::size_t websocket_fragments = 4'096;
  /// Bytes queued for one connection before it is closed; it resynchronises by revision.
  std::size_t send_queue_bytes = 1024 * 1024;
  /// Time for which a peer may take nothing of what is queued for it. A line that stood still for
  /// so long is lost or its program hangs: TCP would go on for up to 15 minutes (tcp_retries2).
  std::chrono::milliseconds send_queue_timeout{30'000};
  /// Bytes queued for all peers of the node; above it handshakes are refused as overloaded, so that
  /// a node that can't deliver gets no further members. 512 connections that are about to be
  /// closed.
  std::size_t node_queue_bytes = 512 * 1024 * 1024;
  /// How late a loop's work may be; above it handshakes are refused as overloaded. What people feel
  /// as broken: a fifth of connect_timeout, within which a new session must get on.
  std::chrono::milliseconds loop_lag{2'000};
  /// How late a loop's work may be before it takes no further connections for a while: they wait in
  /// the kernel, so that those who are in get on. Without that, half a million clients who came
  /// back at once all began, none was done in time, and they began anew.
  std::chrono::milliseconds accept_lag{500};
  /// Sessions of a loop that were opened by WebSocket and have joined nothing yet; above it no
  /// further connections are taken either while the loop is late by a tenth of accept_lag: who came
  /// first is done first. A loop that is on time has time for any number.
  std::size_t handshakes_at_once = 256;
  /// Bytes of large HTTP answers that peers have not taken, of the node: 16 of the largest
  /// document. Above it a further large answer is refused as overloaded.
  std::size_t http_answer_bytes = 256 * 1024 * 1024;
  /// Events of one connection that are being worked on, a join or fetch-ops as eight
  /// (api/event_kinds.h); above it the connection is not read. A page with one document has a join
  /// and presence under way, a resume of many documents two joins.
  std::size_t requests_in_flight = 16;
  /// Above this, presence frames for the connection keep only the latest per author.
  std::size_t presence_queue_bytes = 64 * 1024;
  /// Open connections of one node (a process of the test machines has 20,000 descriptors).
  std::size_t connections = 18'000;
  /// Time from accept to a complete request head, for an upgrade of the transport, and for the
  /// attachments that a packet announced.
  std::chrono::milliseconds handshake_timeout{10'000};
  /// Time that a session may be without a Socket.IO CONNECT: at its start, and after it left its
  /// last namespace. (Stock: 45 s, which is long for whoever is nobody yet.)
  std::chrono::milliseconds connect_timeout{10'000};
  /// Namespaces that one session is connected to; applications have a handful.
  std::size_t namespaces_per_session = 32;
  std::chrono::milliseconds ping_interval{25'000};
  std::chrono::milliseconds ping_timeout{60'000};
  /// An HTTP connection without a request in flight.
  std::chrono::milliseconds idle_http_timeout{60'000};

  // --- fairness: what one peer may take (src/gateway, src/api); 0 turns a rate or number off ---
  /// What a bucket holds, as time at its rate: a restart brings everybody back within seconds, and
  /// a client that was offline has much to send at once.
  std::chrono::milliseconds rate_burst{10'000};
  /// Engine.IO handshakes of one address. A company of 2,000 behind one address comes back at once
  /// after a restart: that is the burst.
  std::size_t handshakes_per_second = 200;
  /// Open connections of one address: a quarter of the node's.
  std::size_t connections_per_ip = 4'500;
  /// Sessions of one address that joined no namespace yet: the 2,000 that come back at once.
  std::size_t unjoined_sessions_per_ip = 2'000;
  /// Whether these hold for loopback peers, too: a proxy, a test or a load generator on the machine
  /// is many peers behind one address.
  bool limit_loopback = false;
  /// Addresses without a connection, and of a loop connections and users (as many as `connections`
  /// at least), that are remembered until their buckets are full again: some 200 bytes each. The
  /// longest idle are forgotten first.
  std::size_t rates_remembered = 65'536;
  /// Events of one connection, of all kinds: some 4 % of a core. A page sends ten or twenty.
  std::size_t events_per_second = 2'000;
  /// A client has one operation of a document in flight, so it is bound by the round trip and the
  /// commit anyway; a typist makes ten.
  std::size_t submit_ops_per_second = 1'000;
  /// A page that comes back joins what it has open, documents_per_connection at most: that many,
  /// and eight times as many at once.
  std::size_t joins_per_second = 50;
  /// A page of a catch-up is 256 KiB at most; the burst is rebase_ops of 1 KiB and more.
  std::size_t fetch_ops_per_second = 100;
  /// Who sends a cursor with every frame of a screen sends 60.
  std::size_t presence_per_second = 100;
  /// The connections of one user on a loop may together do so many times what one may.
  std::size_t user_rate_factor = 4;
  /// A connection whose events were refused more than taken, second for second for this time, is
  /// closed: it does not heed retryAfterMs.
  std::chrono::milliseconds event_flood{10'000};

  // --- documents (src/document, src/api) ---
  /// Documents joined on one connection.
  std::size_t documents_per_connection = 64;
  /// One operation as JSON text. A paste of 100 KB must fit with room.
  std::size_t op_bytes = 512 * 1024;
  /// Components of one operation.
  std::size_t op_components = 20'000;
  /// Content of one document as JSON text.
  std::size_t document_bytes = 16 * 1024 * 1024;
  /// Presence state of one client as JSON text.
  std::size_t presence_bytes = 1'024;
  /// Operations waiting for a commit, of one document; above it submissions get `overloaded`.
  std::size_t document_queue_ops = 4'096;
  /// One catch-up reply: operations and bytes; the rest follows by fetch-ops.
  std::size_t catch_up_ops = 1'000;
  std::size_t catch_up_bytes = 256 * 1024;
  /// Operations that a client may be behind when it submits or resumes; beyond: revision_too_old.
  std::uint64_t rebase_ops = 100'000;
  /// Operations behind, times the components of the operation: what moving a submission to the head
  /// may cost, one to two seconds of one core in slices. 100,000 operations behind leave room for
  /// 200 components; beyond: revision_too_old.
  std::uint64_t rebase_components = 20'000'000;
  /// A join reply above this carries snapshotUrl instead of the content.
  std::size_t inline_snapshot_bytes = 256 * 1024;
  /// A snapshot is written when either is reached since the last.
  std::uint64_t snapshot_ops = 500;
  std::size_t snapshot_bytes = 256 * 1024;
  /// How often a node looks for what others committed and no publication told of, in every document
  /// with members; 0: never. So long its members wait for it if the bus lost the last publication
  /// of all: the next would show the gap. One read of the store per document.
  std::chrono::milliseconds head_check_interval{2'000};
  /// How often a node tells the others on the store who is in a document and where their cursors
  /// are, if that changed, and else at each tenth time; 0: never. A cursor a tenth of a second late
  /// is not seen as late (RAIL); a node is taken for gone after three seconds of silence.
  std::chrono::milliseconds presence_interval{100};
  /// Other nodes with members in one document of which that is kept: members_listed each.
  std::size_t presence_nodes = 32;
  /// In a document with fifty members or more: how long an operation may wait behind the one
  /// before it, so that what comes meanwhile is one commit and one frame for everybody; in smaller
  /// company in proportion, alone not at all. A frame of a display is 16 ms.
  std::chrono::milliseconds batch_window{10};
  /// The same for where cursors are; it leaves with the operations, if these are sooner.
  std::chrono::milliseconds presence_window{50};
  /// Documents that stay in memory without members.
  std::size_t idle_documents = 1'000;
  /// And the sum of their content as JSON text; in memory it is up to ten times that.
  std::size_t idle_document_bytes = 64 * 1024 * 1024;
  /// Older revisions of a loop's documents that wait to be read; above it: overloaded.
  std::size_t content_reads = 256;
  /// Members listed in a join reply and given presence.
  std::size_t members_listed = 100;
  /// Characters (UTF-8 bytes) of a title and of a display name.
  std::size_t title_bytes = 512;
  std::size_t name_bytes = 128;

  // --- storage (src/storage) ---
  /// Appends waiting for the committer thread; above it an append is refused as overloaded.
  std::size_t commit_queue = 65'536;
  /// Reads waiting for a reader thread; above it a read is refused as overloaded. A read is a
  /// document's opening, a catch-up or an old revision: far rarer than appends.
  std::size_t read_queue = 16'384;
  /// Operations in one transaction.
  std::size_t commit_batch_ops = 4'096;
};

}  // namespace cloudsync
