#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Whether two arrays hold the same bits: unlike `==`, it tells 0 from −0. Arrays that share memory are not read.
public func haveSameBits<Scalar: KernelScalar>(_ a: [Scalar], _ b: [Scalar]) -> Bool {
  unsafe a.withUnsafeBytes { a in
    unsafe b.withUnsafeBytes { b in
      if a.count != b.count { return false }
      if unsafe a.isEmpty || a.baseAddress == b.baseAddress { return true }
      return unsafe memcmp(a.baseAddress!, b.baseAddress!, a.count) == 0
    }
  }
}
