import COpenBLAS

/// OpenBLAS's description of its build and the processor whose kernels it runs, for provenance.
public func blasDescription() -> String {
  let configuration = unsafe openblas_get_config().map { unsafe String(cString: $0) } ?? "OpenBLAS"
  let core = unsafe openblas_get_corename().map { unsafe String(cString: $0) } ?? "unknown"
  return "\(configuration) core=\(core)"
}
