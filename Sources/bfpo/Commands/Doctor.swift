import Basics
import Foundation
import Kernels
import Language
import Preferences

extension Command {
  static let doctor = Command(
    name: "doctor",
    summary: "Say whether this machine has what the program needs, and what to do about what is missing.",
    examples: [
      Example("./bfpo doctor", "every check, with advice"),
      Example("./bfpo doctor --json", "the same for a program or a bug report"),
      Example("./bfpo doctor --model Models/other.gguf", "also look for this model"),
    ],
    options: [.model],
    flags: [.json],
    next: "./bfpo sweep"
  ) { arguments in
    let checks = Doctor(modelPath: arguments.option("model")).checks()
    if arguments.isJSON {
      arguments.console.output(try canonicalJSON(DoctorReport(checks: checks), pretty: true))
    } else {
      arguments.console.output(Table(checks.map(\.row), header: nil).text())
    }
    let broken = checks.filter { $0.isRequired && !$0.isPresent }
    if broken.isEmpty { return .success }
    throw UserError(
      "something required is missing: \(broken.map(\.name).joined(separator: ", "))",
      advice: broken.compactMap(\.advice).joined(separator: "; "), exitCode: .inputMissing)
  }
}

private struct DoctorReport: Encodable {
  var schema = 1
  var version = toolVersion
  var checks: [Check]
}

/// One thing that was looked for.
private struct Check: Encodable {
  var name: String
  var isPresent: Bool
  var isRequired: Bool
  /// What was found.
  var found: String
  /// What to do when it is missing.
  var advice: String?

  var row: [String] {
    let mark = isPresent ? "ok" : isRequired ? "MISSING" : "missing"
    return [mark, name, isPresent || advice == nil ? found : "\(found); \(advice ?? "")"]
  }
}

private struct Doctor {
  let modelPath: String?
  let environment = ProcessInfo.processInfo.environment
  let files = FileManager.default
  /// The folder of the package, which the wrapper names.
  var home: URL { URL(filePath: environment["BFPO_HOME"] ?? files.currentDirectoryPath) }

  func checks() -> [Check] {
    [processors(), memory(), engines(), blas(), lapack(), model(), data(), results(), rasteriser()]
  }

  private func processors() -> Check {
    let count = ProcessInfo.processInfo.activeProcessorCount
    return Check(name: "processors", isPresent: count > 0, isRequired: true, found: "\(count)")
  }

  private func memory() -> Check {
    let total = Double(ProcessInfo.processInfo.physicalMemory) / 1e9
    return Check(
      name: "memory", isPresent: total >= 3, isRequired: false, found: "\((total * 10).rounded() / 10) GB",
      advice: "training the language model needs about 3 GB; the synthetic sweep runs with less")
  }

  private func engines() -> Check {
    Check(name: "matrix engines", isPresent: true, isRequired: true, found: engineDescription())
  }

  private func blas() -> Check {
    Check(name: "OpenBLAS", isPresent: true, isRequired: true, found: blasDescription())
  }

  private func lapack() -> Check {
    let works = lapackeSolvesASystem()
    return Check(
      name: "LAPACKE", isPresent: works, isRequired: true,
      found: works ? "solves a 2 × 2 system" : "gives a wrong solution of a 2 × 2 system",
      advice: "reinstall liblapacke-dev and libopenblas-dev")
  }

  private func model() -> Check {
    do {
      let file = try ModelLocation.standard(environment: environment).find(modelPath)
      return Check(name: "model", isPresent: true, isRequired: modelPath != nil, found: file.relativePath)
    } catch {
      let (what, advice) = (error as? UserError).map { ($0.what, $0.advice ?? "") } ?? ("\(error)", "")
      return Check(
        name: "model", isPresent: false, isRequired: modelPath != nil, found: what,
        advice: "\(advice) (the synthetic sweep needs none)")
    }
  }

  private func data() -> Check {
    let folders = DataSearchPath.standard(environment: environment).folders
    let names = folders.flatMap { (try? files.contentsOfDirectory(atPath: $0)) ?? [] }.filter { $0.contains(".json") }
    return Check(
      name: "preference data", isPresent: !names.isEmpty, isRequired: false,
      found: names.isEmpty ? "no files in \(folders.joined(separator: ", "))" : "\(names.count) files",
      advice: "put files there, or name their folder in BFPO_DATA_PATH (the synthetic sweep needs none)")
  }

  private func results() -> Check {
    let folder = home.appending(path: "Results")
    let probe = folder.appending(path: ".probe-\(ProcessInfo.processInfo.processIdentifier)")
    do {
      try AtomicFile.write("", to: probe)
      try? files.removeItem(at: probe)
      return Check(name: "Results folder", isPresent: true, isRequired: true, found: "\(folder.path) can be written")
    } catch {
      return Check(
        name: "Results folder", isPresent: false, isRequired: true, found: "\(folder.path) cannot be written",
        advice: "make it writable, or give `--output` a folder that is")
    }
  }

  private func rasteriser() -> Check {
    let folders = environment["PATH", default: ""].split(separator: ":")
    let path = folders.map { "\($0)/rsvg-convert" }.first(where: files.isExecutableFile)
    return Check(
      name: "rsvg-convert", isPresent: path != nil, isRequired: false, found: path ?? "not on PATH",
      advice: "apt-get install librsvg2-bin turns figures into PDF or PNG (nothing else needs it)")
  }
}
