import Foundation
import TestSupport
import Testing

/// Results that cannot be written: exit code 73, with the place and what to do.
@Suite struct OutputFailureTests {
  /// Forty cells of ten steps.
  static let specification = """
    {
      name: "small",
      world: { prompts: 2, responses: 4, conflict: 0.6, comparisonNoise: 0.5, flagNoise: 0.3, comparisons: 16, seed: 1 },
      policy: { kind: "tabular" },
      training: { steps: 10, batchSize: 4, learningRate: 0.01, sampling: "withReplacement" },
      axes: { tau: [0.1, 1, 2, 5] },
      arms: [{ name: "DPO", objective: "dpo", order: "helpfulness" }],
      seeds: 10,
    }
    """

  /// Whether this machine lets a test mount a file system of its own.
  static let canMount = (try? runShell("unshare -rm mount -t tmpfs none /mnt").status) == 0

  @Test func `a results folder that is in the way of a file`() throws {
    try withTemporaryFolder { folder in
      try Data("in the way".utf8).write(to: folder.appending(path: "out"))
      try Data(Self.specification.utf8).write(to: folder.appending(path: "small.json5"))
      let run = try runShell(#""$BFPO" sweep small.json5 --results out"#, in: folder)
      #expect(run.status == 73, "\(run.errors)")
      #expect(run.errors.contains("error: cannot") && run.errors.contains("out/small"))
    }
  }

  @Test(.enabled(if: OutputFailureTests.canMount, "needs the right to mount a small file system (unshare -rm)"))
  func `a full disk`() throws {
    try withTemporaryFolder { folder in
      try Data(Self.specification.utf8).write(to: folder.appending(path: "small.json5"))
      let run = try runShell(
        #"""
        unshare -rm sh -c 'mkdir out && mount -t tmpfs -o size=64k none out && "$BFPO" sweep small.json5 --results out'
        """#, in: folder)
      #expect(run.status == 73 || run.status == 2, "\(run.status) \(run.errors.suffix(600))")
      #expect(run.errors.contains("No space left on device"))
    }
  }
}
