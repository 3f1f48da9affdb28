// How jemalloc, the server's allocator, is set up (jemalloc(3), TUNING). A server's size must
// follow its connections: of what 15,000 took glibc's allocator kept 91 % when they had gone, even
// after malloc_trim(), since blocks that stay lie between those that go; jemalloc keeps half
// (bench/README.md).

extern "C" {

// Pages that are free for five seconds go back to the system, by a thread of its own, so that
// nobody's free() pays for it. Read once, before main(); MALLOC_CONF overrides it.
extern const char* const malloc_conf;
const char* const malloc_conf = "background_thread:true,dirty_decay_ms:5000,muzzy_decay_ms:0";

}  // extern "C"
