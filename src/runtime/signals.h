#pragma once

// Signals of a server process: SIGTERM and SIGINT are waited for on one thread instead of
// interrupting any; SIGPIPE is ignored, since a write to a closed socket is an ordinary error here.

namespace cloudsync::runtime {

/// Call first in main, before any thread starts: threads inherit the mask.
void block_termination_signals();

/// Waits for SIGTERM or SIGINT and returns which. block_termination_signals() must have been
/// called.
int wait_for_termination();

/// Makes wait_for_termination() return, as SIGTERM from outside would. Thread-safe.
void request_termination();

}  // namespace cloudsync::runtime
