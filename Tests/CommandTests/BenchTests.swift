import Basics
import Foundation
import TestSupport
import Testing

/// `bench`: parts, formats, baselines. The part `roofline` takes a fraction of a second.
@Suite struct BenchTests {
  @Test func `a part alone, as JSON`() throws {
    let run = try runProgram(["bench", "roofline", "--rounds", "2", "--workers", "1", "--json"])
    #expect(run.status == 0 && run.errors.contains("round 2 of 2"), "\(run.errors)")
    let report = try JSONValue(parsing: Data(run.output.utf8), source: "bench")
    #expect(report["schema"]?.number == 2 && report["rounds"]?.number == 2 && report["workers"]?.number == 1)
    #expect(report["parts"]?.array?.compactMap(\.string) == ["roofline"])
    #expect(report["precision"]?.string == "float32" && report["model"]?.string == "random weights")
    for key in ["blas", "engines", "peakInstructions", "vectorInstructions"] {
      #expect(report["machine"]?[key]?.string?.isEmpty == false, "\(key)")
    }
    let measurements = try #require(report["measurements"]?.array)
    let names = measurements.compactMap { $0["name"]?.string }
    #expect(names.first == "roofline.float32" && names.last == "roofline.triad")
    for one in measurements {
      let values = ["low", "median", "high"].compactMap { one[$0]?.number }
      #expect(values.count == 3 && values == values.sorted() && values[0] > 0)
      #expect(one["rounds"]?.number == 2 && one["unit"]?.string?.hasSuffix("/s") == true)
    }
  }

  @Test func `a folder of files, and an earlier report to compare with`() throws {
    try withTemporaryFolder { folder in
      let first = try runProgram(
        ["bench", "roofline", "--rounds", "1", "--workers", "1", "--output", "out"], in: folder)
      #expect(first.status == 0 && first.output.contains("roofline.triad") && !first.output.contains("gain"))
      let written = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "out").path)
      #expect(written.sorted() == ["measurements.csv", "report.json"])
      let second = try runProgram(
        ["bench", "roofline", "--rounds", "1", "--workers", "2", "--baseline", "out/report.json"], in: folder)
      #expect(second.status == 0 && second.lines[0].contains("gain"))
      #expect(second.errors.contains("workers: 1 in the baseline, 2 now"))
    }
  }

  @Test func `wrong parts, precisions and baselines are refused before anything is measured`() throws {
    for (arguments, status, text) in [
      (["rofline"], 64, "did you mean `roofline`?"),
      (["--precision", "float16"], 64, "is not a value of `--precision`"),
      (["--rounds", "0"], 64, "from 1 to 1000"), (["roofline", "--baseline", "absent.json"], 66, "absent.json"),
      (["step", "--model", "absent.gguf"], 66, "absent.gguf"),
    ] {
      let run = try runProgram(["bench"] + arguments)
      #expect(run.status == Int32(status) && run.errors.contains(text), "\(run.errors)")
      #expect(run.output.isEmpty && !run.errors.contains("round 1 of"))
    }
  }

  @Test func `the peers' command lists its programs without running them`() throws {
    let script = packageRoot.appending(path: "Experiments/peers/run").path
    let python = ["/usr/bin/env", "python3"]
    guard try runShell("command -v python3").status == 0 else { return }
    let run = try runShell("\(python.joined(separator: " ")) '\(script)' step toy --list --python python3")
    #expect(run.status == 0, "\(run.errors)")
    let ours = run.lines.filter { $0.contains("bfpo bench") }
    #expect(ours.count == 4 && run.lines.contains { $0.contains("step_trl.py") })
    // Each of our command lines is one that the program takes; `roofline` stands for the work.
    for line in ours {
      let words = line.split(separator: " ").map(String.init)
      let options = Array(words.dropFirst(3)).filter { $0 != "--model" && $0 != "MODEL.gguf" }
      #expect(try runProgram(["bench", "roofline"] + options).status == 0, "\(line)")
    }
  }
}
