// SystemC switches stacks without telling the sanitizer. Its search for leaks, which reads all stacks when the process
// ends, now and then dies of that; accesses are checked all the same.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }
#endif
#elif defined(__SANITIZE_ADDRESS__)
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }
#endif
