#include "exec/gemm.hpp"

#include <Eigen/Core>

namespace infsim::exec {

void multiply(const float* stationary, const float* moving, float* out, int k, int m, int n) {
    // The library splits K into blocks that fit the host's caches, which would make sums for large K depend
    // on the host.
    static const bool pinned = (Eigen::setCpuCacheSizes(32 << 10, 512 << 10, 4 << 20), true);
    static_cast<void>(pinned);
    using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const Eigen::Map<const Matrix> s(stationary, k, m);
    const Eigen::Map<const Matrix> x(moving, k, n);
    Eigen::Map<Matrix> y(out, m, n);
    y.noalias() = s.transpose() * x;
}

}  // namespace infsim::exec
