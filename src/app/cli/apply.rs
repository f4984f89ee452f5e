//! `signet apply FILE…`: resource files.

use std::path::{Path, PathBuf};

use super::{ApplyArguments, Outcome, Refusal};
use crate::flow::{
    Core,
    resource_file::{self, Options, Source},
};

/// Applies the files and prints the plan.
pub(super) async fn run(core: &Core, arguments: &ApplyArguments) -> Outcome {
    let sources = arguments.files.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let options = Options {
        dry_run: arguments.dry_run,
        prune: arguments.prune,
        ..Options::default()
    };
    let plan = resource_file::apply(core, &sources, &options).await?;
    say!("{plan}");
    if arguments.dry_run {
        say!("dry run: nothing was changed");
    }
    Ok(())
}

fn read(path: &PathBuf) -> Result<Source, Refusal> {
    let text =
        std::fs::read_to_string(path).map_err(|error| Refusal::Outside(format!("{}: {error}", path.display())))?;
    Ok(Source {
        name: path.display().to_string(),
        text,
        folder: path.parent().unwrap_or(Path::new("")).to_owned(),
    })
}
