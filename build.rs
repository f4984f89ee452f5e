//! Tells cargo that a new migration changes the program, which compiles them in.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
