// What the unit types must refuse. check_misuse.py compiles this file once without CASE, which must succeed, and
// once per case, each of which must fail with an error in the lines of that case.
#include "base/units.hpp"

using namespace infsim;

Bytes bytes{96};
Cycles cycles{3};
Frequency frequency{976'562'500};
Bandwidth bandwidth{25'600'000'000};
Duration duration = microseconds(1);
TimePoint now = time_origin();

// The control: everything that is allowed, so that a failure below is due to its case alone.
Bytes sum = bytes + bytes * 2 - 1 * bytes;
Duration transfer = bytes / bandwidth;
Duration compute = cycles / frequency;
TimePoint later = now + transfer + compute;
Duration between = later - now;
bool ordered = bytes < sum && cycles <= cycles && now < later;

#if CASE == 1  // bytes are no cycles
Cycles wrong = bytes;
#elif CASE == 2   // nor can they be added
auto wrong = bytes + cycles;
#elif CASE == 3   // nor compared
bool wrong = bytes < cycles;
#elif CASE == 4   // a bare number is no quantity
Bytes wrong = 96;
#elif CASE == 5   // a quantity is no bare number
std::int64_t wrong = bytes;
#elif CASE == 6   // bytes over a frequency
auto wrong = bytes / frequency;
#elif CASE == 7   // cycles over a bandwidth
auto wrong = cycles / bandwidth;
#elif CASE == 8   // bandwidth over bytes
auto wrong = bandwidth / bytes;
#elif CASE == 9   // the product of two quantities
auto wrong = bytes * bytes;
#elif CASE == 10  // two points in time
auto wrong = now + later;
#elif CASE == 11  // a duration is no point in time
TimePoint wrong = duration;
#elif CASE == 12  // wall-clock time is not simulated time
bool wrong = now < std::chrono::steady_clock::time_point{};
#elif CASE == 13  // a bare number is no duration
Duration wrong = 5;
#elif CASE == 14  // a duration is no quantity
Cycles wrong = duration;
#elif CASE == 15  // a fraction of a picosecond is lost silently nowhere
Duration wrong = std::chrono::duration<double, std::pico>(0.5);
#elif CASE == 16  // a duration is no bandwidth
auto wrong = bytes / duration;
#endif
