// Memory that is returned to the system the moment it is freed.
#pragma once

#include <cstddef>
#include <new>

#include <sys/mman.h>

namespace infsim::compiler {

/// An allocator for blocks of about a megabyte: each has its own mapping, with all its pages populated at once (a fault
/// per page took a sixth of the processor time of compiling). The C library keeps freed blocks of that size, so a code
/// that shrinks while a Program grows would take the memory of both.
template <class T>
struct PageAllocator {
    using value_type = T;
    PageAllocator() = default;
    template <class U>
    PageAllocator(const PageAllocator<U>&) {}  // NOLINT: converts, as allocators must

    T* allocate(std::size_t n) {
        if (small(n)) return static_cast<T*>(::operator new(n* kItemBytes));
        void* pages =
            ::mmap(nullptr, n * kItemBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (pages == MAP_FAILED) throw std::bad_alloc();
        return static_cast<T*>(pages);
    }
    void deallocate(T* p, std::size_t n) {
        if (small(n)) ::operator delete(p);
        else ::munmap(p, n * kItemBytes);
    }

private:
    static constexpr std::size_t kItemBytes = sizeof(T);  // NOLINT(bugprone-sizeof-expression): T may be a pointer
    static bool small(std::size_t n) { return n * kItemBytes < 65536; }
};

template <class T, class U>
bool operator==(const PageAllocator<T>&, const PageAllocator<U>&) {
    return true;
}
template <class T, class U>
bool operator!=(const PageAllocator<T>&, const PageAllocator<U>&) {
    return false;
}

}  // namespace infsim::compiler
