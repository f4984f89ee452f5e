//! The binary `signet`.

fn main() -> std::process::ExitCode {
    signet::app::cli::main()
}
