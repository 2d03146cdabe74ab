import Basics
import Foundation

/// The version of the program and of its records.
let programVersion = "0.1.0"

@main
struct Main {
  static func main() {
    let dispatcher = Dispatcher(commands: commands, environment: ProcessInfo.processInfo.environment)
    exit(dispatcher.run(Array(CommandLine.arguments.dropFirst())).rawValue)
  }
}
