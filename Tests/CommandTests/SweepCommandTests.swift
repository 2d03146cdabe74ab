import Foundation
import TestSupport
import Testing

/// `sweep run`, `retry`, `status` and `cell` as programs: processes, signals, exit codes.
@Suite struct SweepCommandTests {
  /// 18 cells, tabular, milliseconds each.
  static let small = """
    { name: "small", world: { prompts: 3, responses: 4, comparisons: 64 }, training: { steps: 100 },
      axes: { tau: [0.5, 2], alpha: [0.25, 0.5] },
      arms: [ { name: "DPO", objective: "dpo", order: "helpfulness" },
              { name: "BFPO", objective: "bfpo", order: "helpfulness" } ], seeds: 3 }
    """
  /// Two cells that take minutes.
  static let long = """
    { name: "long", world: { prompts: 16, responses: 12 }, training: { steps: 100000000 },
      arms: [ { name: "DPO", objective: "dpo", order: "helpfulness" } ], seeds: 2 }
    """

  private func withFiles(_ body: (URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      try Data(Self.small.utf8).write(to: folder.appending(path: "small.json5"))
      try Data(Self.long.utf8).write(to: folder.appending(path: "long.json5"))
      try body(folder)
    }
  }

  private func json(_ run: ProgramRun) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any], "\(run.errors)")
  }

  @Test func `a process for every cell gives the bytes of one process for all`() throws {
    try withFiles { folder in
      let apart = try runProgram(["sweep", "run", "small.json5", "-o", "apart", "--processes", "2"], in: folder)
      #expect(apart.status == 0, "\(apart.errors)")
      _ = try runProgram(["sweep", "run", "small.json5", "-o", "together"], in: folder)
      for file in ["metrics.csv", "frontier.svg", "plan.jsonl"] {
        let bytes = try ["apart", "together"].map {
          try Data(contentsOf: folder.appending(path: "\($0)/small/\(file)"))
        }
        #expect(bytes[0] == bytes[1] && !bytes[0].isEmpty, "\(file)")
      }
      let status = try json(try runProgram(["sweep", "status", "small.json5", "-o", "apart", "--json"], in: folder))
      #expect(
        (status["counts"] as? [String: Int]) == ["done": 18, "failed": 0, "planned": 0, "running": 0, "stale": 0])
      #expect(status["schema"] as? Int == 1)
      let traces = try ["claims", "runners"].flatMap {
        try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "apart/small/\($0)").path)
      }
      #expect(traces.filter { !$0.hasPrefix(".") }.isEmpty, "\(traces)")
    }
  }

  @Test func `--where, --limit and --only choose cells, and a dry run counts them with what they cost`() throws {
    try withFiles { folder in
      let condition = ["--where", "objective == bfpo && alpha > 0.25"]
      let dry = try json(
        try runProgram(["sweep", "run", "small.json5", "-o", "o", "-n", "--json"] + condition, in: folder))
      #expect((dry["cells"] as? [String])?.count == 6)
      let estimate = try #require(dry["estimate"] as? [String: Any])
      #expect((estimate["timeBasis"] as? String)?.contains("µs") == true && estimate["disk"] as? Int ?? 0 > 0)
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "o").path))
      let some = try json(
        try runProgram(["sweep", "run", "small.json5", "-o", "o", "--limit", "2", "--json"] + condition, in: folder))
      #expect(some["completed"] as? Int == 2 && some["skipped"] as? Int == 16)
      let failed = try json(
        try runProgram(["sweep", "run", "small.json5", "-o", "o", "--only", "failed,stale", "--json"], in: folder))
      #expect(failed["completed"] as? Int == 0)
      let rest = try runProgram(["sweep", "run", "small.json5", "-o", "o", "-n"], in: folder)
      #expect(rest.output.contains("would run 16 cells") && rest.output.contains("from 2 finished cells of this sweep"))
      let wrong = try runProgram(["sweep", "run", "small.json5", "--where", "objective == bfo"], in: folder)
      #expect(wrong.status == 64 && wrong.errors.contains("did you mean `bfpo`?"))
    }
  }

  @Test func `a cell whose process is killed fails with its signal, the others go on, and a retry makes it`() throws {
    try withFiles { folder in
      let run = try runShell(
        #"""
        "$BFPO" sweep run long.json5 -o o --processes 1 >out.txt 2>errors.txt &
        runner=$!
        while [ -z "$(ls o/long/claims 2>/dev/null)" ]; do sleep 0.05; done
        "$BFPO" sweep status long.json5 -o o --json
        cell=$(pgrep -P $runner)
        kill -KILL $cell
        while [ "$(pgrep -P $runner)" = "$cell" ] || [ -z "$(pgrep -P $runner)" ]; do sleep 0.05; done
        while [ -z "$(ls o/long/claims 2>/dev/null)" ]; do sleep 0.05; done
        kill -INT $runner
        wait $runner
        echo "code $?"
        """#, in: folder)
      let errors = try String(contentsOf: folder.appending(path: "errors.txt"), encoding: .utf8)
      #expect(run.lines.last == "code 130", "\(run.output) \(run.errors) \(errors)")
      #expect(run.lines.first?.contains(#""running":1"#) == true, "\(run.output)")
      #expect(errors.contains("signal 9") && errors.contains("sweep retry"))
      let status = try runProgram(["sweep", "status", "long.json5", "-o", "o"], in: folder)
      let counts = try #require(status.lines.first { $0.hasPrefix("all") }).split(separator: " ").map(String.init)
      // done, running, failed, stale, planned
      #expect(counts == ["all", "0", "0", "1", "0", "1"], "\(status.output)")
      #expect(status.errors.contains("signal 9"))
      let retry = try runProgram(["sweep", "retry", "long.json5", "-o", "o", "--dry-run"], in: folder)
      #expect(retry.output.contains("would run 1 cells"))
    }
  }

  @Test(arguments: [("TERM", 75), ("USR1", 75), ("INT", 130)])
  func `a cell that is asked to stop leaves no record and no claim`(signal: String, code: Int) throws {
    try withFiles { folder in
      let run = try runShell(
        #"""
        id=$("$BFPO" sweep plan long.json5 --json | sed -n '1s/.*"id":"\([0-9a-f]*\)".*/\1/p')
        "$BFPO" sweep cell long.json5 --id $id -o o &
        while [ -z "$(ls o/long/claims 2>/dev/null)" ]; do sleep 0.05; done
        kill -\#(signal) $!
        wait $!
        echo "code $?"
        ls o/long/claims o/long/cells 2>/dev/null | grep -c '^[0-9a-f]'
        """#, in: folder)
      #expect(run.lines == ["code \(code)", "0"], "\(run.errors)")
      #expect(run.errors.contains("the same command goes on"))
    }
  }

  @Test func `a runner that is killed leaves stale cells, which the next one takes over`() throws {
    try withFiles { folder in
      let run = try runShell(
        #"""
        "$BFPO" sweep run long.json5 -o o --workers 2 >/dev/null 2>&1 &
        while [ "$(ls o/long/claims 2>/dev/null | wc -l)" -lt 2 ]; do sleep 0.05; done
        kill -KILL $!
        wait $!
        "$BFPO" sweep status long.json5 -o o | tail -n 1
        "$BFPO" sweep run long.json5 -o o --workers 2 --only stale >/dev/null 2>&1 &
        sleep 0.5
        while [ "$("$BFPO" sweep status long.json5 -o o | grep -c '^running')" -lt 2 ]; do sleep 0.05; done
        kill -TERM $!
        wait $!
        echo "code $?"
        """#, in: folder)
      #expect(run.output.contains("all") && run.lines.last == "code 75", "\(run.output) \(run.errors)")
      let counts = try #require(run.lines.first { $0.hasPrefix("all") }).split(separator: " ").map(String.init)
      #expect(counts == ["all", "0", "0", "0", "2", "0"])
    }
  }

  @Test func `a cell by its place in a list, under three array engines`() throws {
    try withFiles { folder in
      let ids = try runProgram(["sweep", "plan", "small.json5", "--json"], in: folder).lines.map { line in
        try #require(line.split(separator: "\"id\":\"").last).prefix(16)
      }
      try Data(ids.joined(separator: "\n").utf8).write(to: folder.appending(path: "ids.txt"))
      let words = ["sweep", "cell", "small.json5", "--list", "ids.txt", "-o", "o"]
      for (index, name) in ["SLURM_ARRAY_TASK_ID", "PBS_ARRAY_INDEX", "JOB_COMPLETION_INDEX"].enumerated() {
        let run = try runProgram(words, environment: [name: "\(index)"], in: folder)
        #expect(run.status == 0, "\(run.errors)")
        #expect(FileManager.default.fileExists(atPath: folder.appending(path: "o/small/cells/\(ids[index]).json").path))
      }
      let again = try runProgram(words + ["--index", "0"], in: folder)
      #expect(again.status == 0 && again.errors.contains("done already"))
      #expect(try runProgram(words, in: folder).errors.contains("none of SLURM_ARRAY_TASK_ID"))
      let beyond = try runProgram(words + ["--index", "18"], in: folder)
      #expect(beyond.status == 64 && beyond.errors.contains("the indices 0 to 17"))
      let unknown = try runProgram(["sweep", "cell", "small.json5", "--id", "0", "-o", "o"], in: folder)
      #expect(unknown.status == 66 && unknown.errors.contains("no cell `0`"))
    }
  }

  @Test func `a failed cell ends with its own exit code, a sweep with 2, and --fail-fast stops`() throws {
    try withFiles { folder in
      let text = Self.small.replacing("steps: 100", with: "steps: 100, learningRate: 1e308")
      try Data(text.utf8).write(to: folder.appending(path: "small.json5"))
      let all = try runProgram(["sweep", "run", "small.json5", "-o", "o", "--json"], in: folder)
      #expect(try all.status == 2 && json(all)["failed"] as? Int == 18)
      let fast = try runProgram(
        ["sweep", "run", "small.json5", "-o", "f", "--json", "-j", "1", "--fail-fast"], in: folder)
      #expect(try fast.status == 2 && json(fast)["failed"] as? Int == 1)
      let processes = try runProgram(
        ["sweep", "run", "small.json5", "-o", "p", "--limit", "2", "--processes", "2"], in: folder)
      #expect(processes.status == 2 && processes.errors.contains("failed") && !processes.errors.contains("killed"))
      let id = try runProgram(["sweep", "plan", "small.json5", "--json"], in: folder).lines[0]
        .components(separatedBy: "\"id\":\"").last?.prefix(16)
      let cell = try runProgram(["sweep", "cell", "small.json5", "--id", String(id ?? ""), "-o", "c"], in: folder)
      #expect(cell.status == 3, "\(cell.errors)")
    }
  }
}
