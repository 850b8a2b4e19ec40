/// Adds the product of two row-major matrices to a third: C += A B.
///
/// A is `rows`×`inner`, B is `inner`×`columns`; the strides are their row lengths in memory. Rows of
/// B are added four at a time, so that the innermost loop runs along memory and its sums need no
/// reordering. Cost: 2 · rows · inner · columns flops.
@inline(__always)
func addProduct(
  _ a: UnsafePointer<Double>, stride aStride: Int, _ b: UnsafePointer<Double>, stride bStride: Int,
  to c: UnsafeMutablePointer<Double>, stride cStride: Int, rows: Int, inner: Int, columns: Int
) {
  for i in 0..<rows {
    let (left, out) = (a + i * aStride, c + i * cStride)
    var l = 0
    while l + 4 <= inner {
      let (x0, x1, x2, x3) = (left[l], left[l + 1], left[l + 2], left[l + 3])
      let b0 = b + l * bStride
      let (b1, b2, b3) = (b0 + bStride, b0 + 2 * bStride, b0 + 3 * bStride)
      for j in 0..<columns {
        out[j] += (x0 * b0[j] + x1 * b1[j]) + (x2 * b2[j] + x3 * b3[j])
      }
      l += 4
    }
    while l < inner {
      let (x, row) = (left[l], b + l * bStride)
      for j in 0..<columns { out[j] += x * row[j] }
      l += 1
    }
  }
}
