import Basics
import Foundation

/// Cells as Slurm job arrays: a folder `jobs/<digest>/` with everything that the tasks need, and the scripts that `sbatch` takes.
///
/// The folder holds the specification, the program and the lists of cells as they were at submission, so that nothing that is
/// edited or built afterwards changes what is computed. A task runs `bfpo sweep cell`, as a local worker does. 120 seconds before
/// the time limit, or when it is preempted, it is asked to stop: it writes a checkpoint, ends with code 75 and is put back into the
/// queue by its array id. A last job makes the tables when all tasks have ended, however they ended.
public struct SlurmSubmission: Sendable {
  public let folder: URL
  public let cells: [PlannedCell]
  private let spec: ExperimentPlan
  private let results: ResultsFolder
  private let settings: Settings

  public struct Settings: Sendable {
    /// Threads of a task.
    public var workers: Int
    /// Tasks of one array: Slurm's `MaxArraySize`.
    public var arraySize: Int
    /// Tasks that run at the same time; nil means as many as fit.
    public var atOnce: Int?
    /// Further options of `sbatch`, such as `partition=long`, for the tasks and the last job.
    public var options: [String]
    /// The root of the project.
    public var home: URL
    /// Where relative paths of the specification begin.
    public var directory: URL

    public init(
      workers: Int, arraySize: Int, atOnce: Int?, options: [String], home: URL, directory: URL
    ) {
      self.workers = workers
      self.arraySize = arraySize
      self.atOnce = atOnce
      self.options = options
      self.home = home
      self.directory = directory
    }
  }

  /// `MaxArraySize` where the cluster does not say.
  public static let defaultArraySize = 1001

  public init(_ cells: [PlannedCell], plan: ExperimentPlan, results: ResultsFolder, settings: Settings) {
    self.cells = cells
    spec = plan
    self.results = results
    self.settings = settings
    let identity = ([plan.text, programDigest ?? "", "\(settings)"] + cells.map(\.id)).joined(separator: "\n")
    folder = results.url.absoluteURL.standardizedFileURL
      .appendingPathComponent("jobs/\(SHA256.hex(of: identity).prefix(8))")
  }

  /// The cells of each array.
  public var chunks: [[PlannedCell]] {
    stride(from: 0, to: cells.count, by: settings.arraySize).map { start in
      Array(cells[start..<min(start + settings.arraySize, cells.count)])
    }
  }

  // MARK: Files

  private var specification: URL { folder.appendingPathComponent("experiment.json5") }
  private var program: URL { folder.appendingPathComponent("bfpo") }
  private func list(_ chunk: Int) -> URL { folder.appendingPathComponent("cells-\(chunk).txt") }
  public func arrayFile(_ chunk: Int) -> URL { folder.appendingPathComponent("array-\(chunk).sh") }
  public var collectFile: URL { folder.appendingPathComponent("collect.sh") }

  /// Writes what the tasks need.
  ///
  /// - Throws: ``UserError`` (73).
  public func prepare(executable: URL) throws {
    try spec.save(in: results)
    try AtomicFile.write(spec.text, to: specification)
    try AtomicFile.write(collectScript, to: collectFile)
    for (index, chunk) in chunks.enumerated() {
      try AtomicFile.write(chunk.map { $0.id + "\n" }.joined(), to: list(index))
      try AtomicFile.write(arrayScript(index), to: arrayFile(index))
    }
    if FileManager.default.fileExists(atPath: program.path) { return }
    try AtomicFile.write(try AtomicFile.read(executable), to: program)
    guard unsafe chmod(program.path, 0o755) == 0 else {
      throw UserError(
        "cannot make the program's copy executable", at: program.path, because: unsafe String(cString: strerror(errno)),
        exitCode: .cannotCreateOutput)
    }
  }

  /// The script of one array.
  public func arrayScript(_ chunk: Int) -> String {
    let count = chunks[chunk].count
    let limit = settings.atOnce.map { "%\($0)" } ?? ""
    let command = [
      program.path, "sweep", "cell", specification.path, "--list", list(chunk).path, "--results",
      results.url.absoluteURL.standardizedFileURL.deletingLastPathComponent().path, "--workers", "\(settings.workers)",
    ]
    return header(
      "one task a cell, \(count) of \(cells.count) cells",
      [
        "array=0-\(count - 1)\(limit)", "cpus-per-task=\(settings.workers)", "signal=B:USR1@120", "requeue",
        "open-mode=append", "output=\(folder.path)/task-%A_%a.log",
      ]) + """
        \(words(command)) &
        cell=$!
        # A checkpoint is asked for; the command then ends with code 75.
        trap 'kill -USR1 "$cell" 2>/dev/null' USR1 TERM
        code=0
        wait "$cell" || code=$?
        # A signal ends `wait`, not the command.
        while kill -0 "$cell" 2>/dev/null; do
          code=0
          wait "$cell" || code=$?
        done
        if [ "$code" -eq 75 ]; then
          scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"
        fi
        exit "$code"

        """
  }

  /// The script of the last job.
  public var collectScript: String {
    let parent = results.url.absoluteURL.standardizedFileURL.deletingLastPathComponent().path
    return header("the tables and figures", ["open-mode=append", "output=\(folder.path)/collect.log"])
      + "exec \(words([program.path, "sweep", "collect", specification.path, "--results", parent]))\n"
  }

  private func header(_ purpose: String, _ own: [String]) -> String {
    let options = ["job-name=bfpo-\(spec.spec.name)", "chdir=\(settings.directory.path)"] + own + settings.options
    return "#!/bin/sh\n" + options.map { "#SBATCH --\($0)\n" }.joined() + """

      # bfpo, \(spec.spec.name): \(purpose). Made by `./bfpo sweep submit`.
      export BFPO_HOME=\(words([settings.home.path]))

      """
  }

  /// Words of a shell command, quoted where that is needed.
  private func words(_ list: [String]) -> String {
    list.map { word in
      let isPlain = word.unicodeScalars.allSatisfy {
        $0.properties.isAlphabetic && $0.isASCII || $0.properties.numericType != nil
          || "/._-+=:,".unicodeScalars.contains($0)
      }
      return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: #"'\''"#) + "'"
    }.joined(separator: " ")
  }
}
