import Foundation
import TestSupport
import Testing

/// Command lines that are wrong, and where values come from.
@Suite struct UsageTests {
  @Test(arguments: [
    (["explian"], "did you mean `explain`?"), (["zzzzzzzz"], "known: "),
    (["sweep", "pln"], "did you mean `sweep plan`?"),
    (["explain", "--jsn"], "did you mean `--json`?"), (["explain", "-x"], "known: -h"),
    (["explain", "--json=1"], "write `--json`"), (["loss", "--objective"], "write `--objective ID`"),
    (["loss", "--objective", "--json"], "write `--objective ID`"), (["loss"], "./bfpo loss"),
    (["loss", "-o", "dpo", "--objective", "ipo"], "give it once"),
    (["explain", "bfpo", "ipo"], "./bfpo explain --help"),
    (["loss", "-o", "dpo", "--set", "tau"], "write `--set NAME=VALUE`"), (["explain", "cdpo"], "constrained-dpo"),
    (["explain", "bfop"], "did you mean `bfpo`?"), (["explain", "bfpo", "--set", "taau=1"], "did you mean `tau`?"),
    (["explain", "bfpo", "--set", "tau=0"], "`bfpo explain bfpo`"),
    (["explain", "bfpo", "--set", "tau=1", "--set", "tau=2"], "give it once"),
    (["explain", "--set", "tau=1"], "./bfpo explain bfpo"),
  ])
  func `a wrong command line is exit code 64 with advice`(words: [String], advice: String) throws {
    let run = try runProgram(words)
    #expect(run.status == 64)
    #expect(run.output.isEmpty, "nothing on standard output")
    #expect(run.errors.hasPrefix("error: ") && run.errors.contains("try: "))
    #expect(run.errors.contains(advice), "\(run.errors)")
  }

  @Test func `options may be joined, follow the positionals, and end at --`() throws {
    let expected = try runProgram(["explain", "bfpo", "--set", "tau=1"]).output
    #expect(!expected.isEmpty)
    #expect(try runProgram(["explain", "--set=tau=1", "bfpo"]).output == expected)
    #expect(try runProgram(["-q", "explain", "--set", "tau=1", "--", "bfpo"]).output == expected)
    #expect(try runProgram(["explain", "-qv", "--set", "tau=1", "bfpo"]).output == expected)
    let joined = try runProgram(["loss", "-odpo", "--json"], input: LossTests.pair)
    let apart = try runProgram(["loss", "-o", "dpo", "--json"], input: LossTests.pair)
    #expect(joined.status == 0 && joined.output == apart.output)
  }

  @Test func `the environment gives defaults, and the command line wins`() throws {
    let fromEnvironment = try runProgram(
      ["loss", "--json"], input: LossTests.pair, environment: ["BFPO_OBJECTIVE": "ipo", "BFPO_SET": "tau=0.25"])
    let spelt = try runProgram(["loss", "-o", "ipo", "--set", "tau=0.25", "--json"], input: LossTests.pair)
    #expect(fromEnvironment.status == 0 && fromEnvironment.output == spelt.output)
    let overridden = try runProgram(
      ["loss", "-o", "ipo", "--set", "tau=0.25", "--json"], input: LossTests.pair,
      environment: ["BFPO_OBJECTIVE": "dpo", "BFPO_SET": "tau=9"])
    #expect(overridden.output == spelt.output)
    let flag = try runProgram(
      ["loss", "-o", "ipo", "--set", "tau=0.25"], input: LossTests.pair, environment: ["BFPO_JSON": "1"])
    #expect(flag.output == spelt.output)
  }

  @Test func `a wrong value of the environment is blamed on the environment`() throws {
    let run = try runProgram(["loss"], input: LossTests.pair, environment: ["BFPO_OBJECTIVE": "bpfo"])
    #expect(run.status == 64 && run.errors.contains("environment variable BFPO_OBJECTIVE"))
  }

  @Test func `a reader that goes away is not an error, a full disk is`() throws {
    let many = String(repeating: LossTests.pair, count: 5000)
    try withTemporaryFolder { folder in
      try Data(many.utf8).write(to: folder.appending(path: "pairs.jsonl"))
      let head = try runShell(
        #"( "$BFPO" loss -o dpo --json pairs.jsonl; echo "code $?" >&2 ) | head -n 1"#, in: folder)
      #expect(head.output.split(separator: "\n").count == 1)
      #expect(head.errors == "code 0\n")
      let full = try runShell(#""$BFPO" explain >/dev/full"#, in: folder)
      #expect(full.status == 73 && full.errors.contains("No space left"))
    }
  }

  @Test func `no colours and no control characters where there is no terminal`() throws {
    let run = try runProgram(["explain", "cdpo"])
    #expect(!run.errors.contains("\u{1B}") && !run.errors.contains("\r"))
  }
}
