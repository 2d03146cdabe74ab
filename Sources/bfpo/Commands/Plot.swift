import Basics
import Foundation
import Laboratory
import Reporting

extension Command {
  static let plot = Command(
    name: "plot",
    summary: "Write the tables, figures and diagnoses of a results folder again from its records.",
    examples: [
      Example("./bfpo plot", "the default experiment"),
      Example("./bfpo plot Results/hh-smollm2", "another results folder"),
      Example("./bfpo plot Results/synthetic --json", "the names of the files, for a program"),
    ],
    positionals: [
      Positional("FOLDER", "A results folder.", isRequired: false, defaultText: "Results/synthetic")
    ],
    flags: [.json],
    next: "./bfpo sweep status"
  ) { arguments in
    let project = Project(environment: ProcessInfo.processInfo.environment)
    let url = project.locate(arguments.positional("FOLDER") ?? "Results/synthetic")
    let folder = ResultsFolder(url)
    try folder.refreshDiagnoses()
    let report = try writeReport(folder)
    if arguments.isJSON {
      let files = JSONValue.array(report.figures.map { .string($0.relativePath) })
      arguments.console.output(try JSONValue.object(["schema": .number(1), "figures": files]).canonical())
    } else {
      for file in report.figures { arguments.console.output(file.relativePath) }
    }
    return .success
  }
}
