import Foundation

/// Compares text with a file of `Tests/Golden/figures`, byte for byte; nil when equal, else what differs.
///
/// With the environment variable `BFPO_UPDATE_GOLDEN` set, the file is written instead: look at the change before committing it.
public func differenceFromGolden(_ text: String, _ name: String) -> String? {
  let folder = packageRoot.appending(path: "Tests/Golden/figures")
  let file = folder.appendingPathComponent(name)
  if ProcessInfo.processInfo.environment["BFPO_UPDATE_GOLDEN"] != nil {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
      return nil
    } catch { return "could not write \(name): \(error)" }
  }
  guard let data = try? Data(contentsOf: file) else { return "no golden file \(name)" }
  if data == Data(text.utf8) { return nil }
  let expected = String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
  let actual = text.split(separator: "\n", omittingEmptySubsequences: false)
  for (line, pair) in zip(expected, actual).enumerated() where pair.0 != pair.1 {
    return "\(name) line \(line + 1): expected \(pair.0), got \(pair.1)"
  }
  return "\(name): expected \(expected.count) lines, got \(actual.count)"
}

/// Writes a figure where the environment variable `BFPO_FIGURES` says, to be looked at; does nothing when it is not set.
public func offerForInspection(_ svg: String, _ name: String) {
  guard let folder = ProcessInfo.processInfo.environment["BFPO_FIGURES"] else { return }
  try? Data(svg.utf8).write(to: URL(fileURLWithPath: folder).appendingPathComponent(name))
}
