/// How much of a data file is accepted before it is refused: other people's files are read with bounds.
public struct ReadLimits: Hashable, Sendable {
  /// Bytes of a file, after decompression.
  public var fileBytes: Int
  /// Bytes of one row.
  public var rowBytes: Int

  public init(fileBytes: Int = 4 << 30, rowBytes: Int = 16 << 20) {
    self.fileBytes = fileBytes
    self.rowBytes = rowBytes
  }
}
