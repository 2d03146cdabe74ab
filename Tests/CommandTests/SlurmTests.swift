import Foundation
import TestSupport
import Testing

/// `sweep submit` against a stand-in for Slurm: what is asked of it, in which order, with which scripts.
/// `Experiments/slurm/run` does the same with a real one.
@Suite struct SlurmTests {
  /// Notes every call, and runs what is submitted: an array's tasks one after the other.
  private static let sbatch = #"""
    #!/bin/sh
    echo "sbatch $*" >>"$CALLS"
    for script; do :; done
    number=$(grep -c '^sbatch' "$CALLS")
    echo "$((100 + number));cluster"
    range=$(sed -n 's/^#SBATCH --array=0-\([0-9]*\).*/\1/p' "$script")
    if [ -z "$range" ]; then exit 0; fi
    [ -z "$STOP" ] || exit 0
    for index in $(seq 0 "$range"); do
      SLURM_ARRAY_JOB_ID=$((100 + number)) SLURM_ARRAY_TASK_ID=$index sh "$script" >>"$CALLS.log" 2>&1 </dev/null
    done
    """#
  private static let scontrol = #"""
    #!/bin/sh
    echo "scontrol $*" >>"$CALLS"
    [ "$1" != show ] || echo "MaxArraySize            = 7"
    """#
  private static let squeue = #"""
    #!/bin/sh
    echo "squeue $*" >>"$CALLS"
    [ -z "$STOP" ] || seq 0 6
    """#

  private func withSlurm(_ body: (URL, [String: String]) throws -> Void) throws {
    try withTemporaryFolder { folder in
      for (name, text) in [("sbatch", Self.sbatch), ("scontrol", Self.scontrol), ("squeue", Self.squeue)] {
        let file = folder.appending(path: "bin/\(name)")
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
      }
      try Data(SweepCommandTests.small.utf8).write(to: folder.appending(path: "small.json5"))
      let path = "\(folder.path)/bin:\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"
      try body(folder, ["PATH": path, "CALLS": folder.appending(path: "calls").path])
    }
  }

  private func calls(_ folder: URL, _ name: String) -> [String] {
    let text = (try? String(contentsOf: folder.appending(path: "calls"), encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map(String.init).filter { $0.hasPrefix(name) }
  }

  @Test func `arrays of at most MaxArraySize, then a job that waits for all, and the numbers of a local run`() throws {
    try withSlurm { folder, environment in
      let run = try runProgram(
        ["sweep", "submit", "small.json5", "-o", "o", "--json"], environment: environment, in: folder)
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.output.contains(#""arrays":["101","102","103"]"#) && run.output.contains(#""collect":"104""#))
      let submitted = calls(folder, "sbatch")
      #expect(submitted.count == 4 && submitted[3].contains("--dependency=afterany:101:102:103"))
      _ = try runProgram(["sweep", "run", "small.json5", "-o", "local"], in: folder)
      let again = try runProgram(["sweep", "run", "small.json5", "-o", "o"], in: folder)
      #expect(again.errors.contains("nothing to do: all 18 cells were done already"), "\(again.errors)")
      let tables = try ["o", "local"].map { try Data(contentsOf: folder.appending(path: "\($0)/small/metrics.csv")) }
      #expect(tables[0] == tables[1])
      let nothing = try runProgram(["sweep", "submit", "small.json5", "-o", "o"], environment: environment, in: folder)
      #expect(nothing.status == 0 && nothing.errors.contains("nothing to submit"))
      #expect(calls(folder, "sbatch").count == 4)
    }
  }

  @Test func `only what is missing and not in the queue is submitted`() throws {
    try withSlurm { folder, environment in
      let waiting = environment.merging(["STOP": "1"]) { $1 }
      _ = try runProgram(["sweep", "run", "small.json5", "-o", "o", "--limit", "5"], in: folder)
      let first = try runProgram(
        ["sweep", "submit", "small.json5", "-o", "o", "--limit", "7"], environment: waiting, in: folder)
      #expect(first.output.contains("submitted 7 cells as job 101"), "\(first.errors)")
      let second = try runProgram(["sweep", "submit", "small.json5", "-o", "o"], environment: waiting, in: folder)
      #expect(second.output.contains("submitted 6 cells"), "\(second.output)")
      #expect(second.errors.contains("7 cells are in the queue already"))
    }
  }

  @Test func `a dry run prints the script and submits nothing`() throws {
    try withSlurm { folder, environment in
      let run = try runProgram(
        [
          "sweep", "submit", "small.json5", "-o", "my results", "-n", "--sbatch", "time=2:00:00", "--at-once", "3",
          "--workers", "2",
        ], environment: environment, in: folder)
      for line in [
        "#SBATCH --array=0-6%3", "#SBATCH --signal=B:USR1@120", "#SBATCH --requeue", "#SBATCH --open-mode=append",
        "#SBATCH --cpus-per-task=2", "#SBATCH --time=2:00:00", "#SBATCH --job-name=bfpo-small",
      ] { #expect(run.lines.contains(line), "\(line) in \(run.output)") }
      #expect(run.output.contains(#"scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}""#))
      #expect(run.output.contains("'\(folder.path)/my results/small/jobs/"))
      #expect(calls(folder, "sbatch").isEmpty && !FileManager.default.fileExists(atPath: "\(folder.path)/my results"))
      for (option, advice) in [("array=0-9", "leave it out"), ("--partition=x", "without the dashes")] {
        let wrong = try runProgram(["sweep", "submit", "small.json5", "--sbatch=\(option)", "-n"], in: folder)
        #expect(wrong.status == 64 && wrong.errors.contains(advice), "\(wrong.errors)")
      }
    }
  }

  @Test func `a task that is asked to stop puts itself back into the queue`() throws {
    try withSlurm { folder, environment in
      try Data(SweepCommandTests.long.utf8).write(to: folder.appending(path: "long.json5"))
      _ = try runProgram(
        ["sweep", "submit", "long.json5", "-o", "o"], environment: environment.merging(["STOP": "1"]) { $1 }, in: folder
      )
      let run = try runShell(
        #"""
        SLURM_ARRAY_JOB_ID=9 SLURM_ARRAY_TASK_ID=1 env --default-signal=USR1 sh o/long/jobs/*/array-0.sh &
        while [ -z "$(ls o/long/claims 2>/dev/null)" ]; do sleep 0.05; done
        kill -USR1 $!
        wait $!
        echo "code $?"
        """#, environment: environment, in: folder)
      #expect(run.lines.last == "code 75", "\(run.output) \(run.errors)")
      #expect(calls(folder, "scontrol requeue") == ["scontrol requeue 9_1"])
    }
  }

  @Test func `without Slurm, or when it refuses, the reason and the way on`() throws {
    try withSlurm { folder, environment in
      try Data("#!/bin/sh\necho 'Invalid account' >&2\nexit 1\n".utf8).write(to: folder.appending(path: "bin/sbatch"))
      let refused = try runProgram(["sweep", "submit", "small.json5", "-o", "o"], environment: environment, in: folder)
      #expect(refused.status == 73 && refused.errors.contains("Invalid account"), "\(refused.errors)")
      try FileManager.default.removeItem(at: folder.appending(path: "bin"))
      let bare = folder.appending(path: "bare")
      try FileManager.default.createDirectory(at: bare, withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(atPath: bare.path + "/git", withDestinationPath: "/usr/bin/git")
      let absent = try runProgram(
        ["sweep", "submit", "small.json5", "-o", "o"], environment: ["PATH": bare.path], in: folder)
      #expect(absent.status == 66 && absent.errors.contains("there is no `sbatch` here"), "\(absent.errors)")
    }
  }
}
