// The only file pair that uses the matrix library.
#pragma once

namespace infsim::exec {

/// out[M x N] = stationary[K x M]^T * moving[K x N], all row-major; fp32 products, summed in fp32.
/// The order of summation depends only on M, N and K, never on the host.
void multiply(const float* stationary, const float* moving, float* out, int k, int m, int n);

}  // namespace infsim::exec
