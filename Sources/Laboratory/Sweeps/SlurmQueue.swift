import Basics
import Foundation

/// The commands of Slurm, as far as a sweep needs them.
public struct SlurmQueue: Sendable {
  public init() {}

  /// What was submitted, kept as `jobs/<digest>/submission.json`.
  public struct Receipt: Codable, Sendable {
    public var schema = 1
    /// The job id of each array.
    public var arrays: [String]
    /// The job that makes the tables.
    public var collect: String
  }

  /// The largest array that the cluster takes; nil when it does not say.
  public func maximalArraySize() -> Int? {
    guard let text = try? run("scontrol", ["show", "config"]).output else { return nil }
    let line = text.split(separator: "\n").first { $0.hasPrefix("MaxArraySize") }
    return line?.split(separator: "=").last.flatMap { Int($0.filter(\.isNumber)) }.flatMap { $0 > 0 ? $0 : nil }
  }

  /// Submits every array, and a job that runs when all have ended.
  ///
  /// - Throws: ``UserError`` (66) where there is no Slurm, (73) when it refuses.
  public func submit(_ submission: SlurmSubmission) throws -> Receipt {
    var receipt = Receipt(arrays: [], collect: "")
    for chunk in submission.chunks.indices {
      receipt.arrays.append(try sbatch([submission.arrayFile(chunk).path], after: receipt.arrays))
    }
    receipt.collect = try sbatch(
      ["--dependency=afterany:" + receipt.arrays.joined(separator: ":"), submission.collectFile.path],
      after: receipt.arrays)
    let file = submission.folder.appendingPathComponent("submission.json")
    try AtomicFile.write(try canonicalJSON(receipt, pretty: true) + "\n", to: file)
    return receipt
  }

  /// Cells of earlier submissions that are still in the queue.
  public func queued(_ folder: ResultsFolder) -> Set<String> {
    let jobs = folder.url.appendingPathComponent("jobs")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: jobs.path)) ?? []
    var queued: Set<String> = []
    for name in names {
      let own = jobs.appendingPathComponent(name)
      guard let data = FileManager.default.contents(atPath: own.appendingPathComponent("submission.json").path),
        let receipt = try? JSONDecoder().decode(Receipt.self, from: data)
      else { continue }
      for (chunk, job) in receipt.arrays.enumerated() {
        let list = FileManager.default.contents(atPath: own.appendingPathComponent("cells-\(chunk).txt").path)
        let ids = String(decoding: list ?? Data(), as: UTF8.self).split(separator: "\n").map(String.init)
        let places = try? run("squeue", ["--noheader", "--array", "--format=%K", "--jobs=\(job)"])
        guard let places, places.status == 0 else { continue }
        for text in places.output.split(separator: "\n") {
          if let place = Int(text.filter(\.isNumber)), ids.indices.contains(place) { queued.insert(ids[place]) }
        }
      }
    }
    return queued
  }

  private func sbatch(_ arguments: [String], after earlier: [String]) throws -> String {
    let result = try run("sbatch", ["--parsable"] + arguments)
    let job = result.output.split(whereSeparator: { ";\n".contains($0) }).first.map(String.init) ?? ""
    guard result.status == 0, !job.isEmpty else {
      throw UserError(
        "Slurm does not take the job", at: arguments.last,
        because: result.errors.isEmpty ? "sbatch ended with code \(result.status)" : result.errors,
        advice: earlier.isEmpty
          ? "mend that (`--sbatch NAME=VALUE` adds options) and submit again"
          : "mend that and submit again: the jobs \(earlier.joined(separator: ", ")) are in the queue and are not repeated",
        exitCode: .cannotCreateOutput)
    }
    return job
  }

  private func run(_ name: String, _ arguments: [String]) throws -> (status: Int32, output: String, errors: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [name] + arguments
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    if process.terminationStatus == 127 {
      throw UserError(
        "there is no `\(name)` here", because: "cells are submitted to Slurm",
        advice: "run this on a login node of the cluster, or `./bfpo sweep run` here; `--dry-run` shows the script",
        exitCode: .inputMissing)
    }
    return (process.terminationStatus, text, complaint.trimmingCharacters(in: .whitespacesAndNewlines))
  }
}
