/// The error of a command line that can't be what was meant, which only the files that it names show.
/// The program's exit code is then that of clap's errors, 2.
#[derive(Debug)]
pub struct WrongUsage(pub String);

impl core::fmt::Display for WrongUsage {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongUsage {}
