import Foundation
import TestSupport
import Testing

/// R-04: a sweep that is killed loses nothing that was done, and ends with the bytes of an undisturbed one.
@Suite struct KilledSweepTests {
  /// Sixty cells, long enough to be killed among them.
  static let specification = """
    {
      name: "killed", world: { prompts: 8, responses: 8, comparisons: 256 }, training: { steps: 15000 },
      axes: { tau: [0.1, 1, 5] },
      arms: [
        { name: "DPO", objective: "dpo", order: "helpfulness" },
        { name: "BFPO", objective: "bfpo", order: "helpfulness" },
      ],
      seeds: 10,
    }
    """

  @Test func `SIGKILL, then the same command: the metrics of an undisturbed run, byte for byte`() throws {
    try withTemporaryFolder { folder in
      try Data(Self.specification.utf8).write(to: folder.appending(path: "killed.json5"))
      let killed = try runShell(
        #"""
        "$BFPO" sweep killed.json5 --results part --workers 2 >/dev/null 2>&1 &
        while [ "$(ls part/killed/cells 2>/dev/null | grep -c '^[0-9a-f]*\.json$')" -lt 12 ]; do sleep 0.01; done
        kill -KILL $!
        wait
        ls part/killed/cells | grep -c '^[0-9a-f]*\.json$'
        """#, in: folder)
      let done = try #require(Int(killed.lines.last ?? ""))
      #expect((12..<60).contains(done), "the kill came too late or too early: \(done) of 60")

      let resumed = try runProgram(["sweep", "killed.json5", "--results", "part", "--json"], in: folder)
      #expect(resumed.status == 0, "\(resumed.errors)")
      #expect(resumed.output.contains(#""completed":\#(60 - done),"#))
      #expect(resumed.output.contains(#""skipped":\#(done)"#))
      let whole = try runProgram(["sweep", "killed.json5", "--results", "whole", "--workers", "1"], in: folder)
      #expect(whole.status == 0, "\(whole.errors)")
      for file in ["metrics.csv", "summary.csv", "summary.json", "frontier.svg", "sweep.svg"] {
        let bytes = try ["part", "whole"].map { try Data(contentsOf: folder.appending(path: "\($0)/killed/\(file)")) }
        #expect(!bytes[0].isEmpty && bytes[0] == bytes[1], "\(file) differs")
      }

      let again = try runProgram(["sweep", "killed.json5", "--results", "part"], in: folder)
      #expect(again.errors.contains("nothing to do: all 60 cells were done already"))
    }
  }
}
