//! The helper program that paints with maplibre-rs: a child process, asked over its standard input.
//!
//! A request is two blocks, a JSON header (`size`, `style`, `layers`) and the tile; an answer is one byte (0: pixels, 1: an error's
//! text) and a block. A block is its length as four bytes, little end first, and its bytes. The program may crash, hang or write nonsense: it is
//! ended then, and begun again for the next picture.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use citybrain_picture::{MapTile, Raster};
use serde_json::json;

/// How long one picture may take, the start of the program included.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a program that failed is left alone.
const REST: Duration = Duration::from_secs(10);

/// The helper program; at most one runs.
#[derive(Debug)]
pub(crate) struct Helper {
    program: PathBuf,
    /// Held while one picture is painted: the program paints one at a time.
    running: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    process: Option<Process>,
    rest_until: Option<Instant>,
}

#[derive(Debug)]
struct Process {
    child: Child,
    pipes: Option<Pipes>,
}

#[derive(Debug)]
struct Pipes {
    input: ChildStdin,
    output: ChildStdout,
}

/// Why the helper gave no picture.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HelperError {
    #[error("{}: {source}", program.display())]
    Start { program: PathBuf, source: io::Error },
    #[error("it failed a moment ago and rests")]
    Rests,
    #[error("it gave no picture within {} s", PATIENCE.as_secs())]
    Late,
    #[error("it ended or wrote nonsense: {0}")]
    Broken(#[from] io::Error),
    #[error("it says: {0}")]
    Refused(String),
    #[error("its picture is not of the size asked for")]
    Size,
}

impl Helper {
    pub(crate) fn new(program: PathBuf) -> Self {
        Self {
            program,
            running: Mutex::default(),
        }
    }

    /// Paints a tile and cuts the picture of `size` out of its upper left. It blocks.
    ///
    /// # Errors
    /// When the program cannot be started, ends, is late or refuses.
    pub(crate) fn paint(&self, tile: &MapTile, size: [u32; 2]) -> Result<Raster, HelperError> {
        let mut state = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if state.rest_until.is_some_and(|until| Instant::now() < until) {
            return Err(HelperError::Rests);
        }
        let painted = self.ask(&mut state, tile);
        match &painted {
            Ok(_) | Err(HelperError::Refused(_)) => state.rest_until = None,
            Err(_) => {
                // Dropping it ends the program.
                state.process = None;
                state.rest_until = Some(Instant::now() + REST);
            }
        }
        drop(state);
        Raster::from_rgba(tile.size, tile.size, painted?)
            .and_then(|raster| raster.part([0, 0], size))
            .map_err(|_size| HelperError::Size)
    }

    fn ask(&self, state: &mut State, tile: &MapTile) -> Result<Vec<u8>, HelperError> {
        let gone = match &mut state.process {
            Some(process) => process.child.try_wait()?.is_some(),
            None => true,
        };
        if gone {
            state.process = Some(self.start()?);
        }
        let process = state.process.as_mut().ok_or(HelperError::Rests)?;
        let mut pipes = process.pipes.take().ok_or(HelperError::Rests)?;
        let header = json!({ "size": tile.size, "style": tile.style, "layers": tile.layers });
        let blocks = [header.to_string().into_bytes(), tile.bytes.clone()];
        let most = 4 * (tile.size as usize).pow(2);
        // The pipes go to a thread of their own, which a program that hangs holds up alone.
        let (done, answer) = sync_channel(1);
        std::thread::Builder::new()
            .name("picture-helper".to_owned())
            .spawn(move || {
                let answer = converse(&mut pipes, &blocks, most);
                // Nobody waits any longer: the answer is late.
                done.send((answer, pipes)).ok();
            })?;
        match answer.recv_timeout(PATIENCE) {
            Ok((answer, pipes)) => {
                process.pipes = Some(pipes);
                match answer? {
                    (0, pixels) => Ok(pixels),
                    (_, text) => Err(HelperError::Refused(
                        String::from_utf8_lossy(&text).chars().take(300).collect(),
                    )),
                }
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                Err(HelperError::Late)
            }
        }
    }

    fn start(&self) -> Result<Process, HelperError> {
        let failed = |source| HelperError::Start {
            program: self.program.clone(),
            source,
        };
        let mut child = Command::new(&self.program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let pipes = child
            .stdin
            .take()
            .zip(child.stdout.take())
            .map(|(input, output)| Pipes { input, output });
        Ok(Process { child, pipes })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Gone already is fine.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn converse(pipes: &mut Pipes, blocks: &[Vec<u8>], most: usize) -> io::Result<(u8, Vec<u8>)> {
    for block in blocks {
        let length = u32::try_from(block.len()).map_err(io::Error::other)?;
        pipes.input.write_all(&length.to_le_bytes())?;
        pipes.input.write_all(block)?;
    }
    pipes.input.flush()?;
    let mut status = [0];
    pipes.output.read_exact(&mut status)?;
    let mut length = [0; 4];
    pipes.output.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > most.max(4096) {
        return Err(io::Error::other("the answer is larger than a picture"));
    }
    let mut block = vec![0; length];
    pipes.output.read_exact(&mut block)?;
    Ok((status[0], block))
}

#[cfg(test)]
mod tests;
