//! Paints map tiles as pixels by maplibre-rs, without a browser.
//!
//! Requests come on standard input, answers go to standard output, one after another until the input ends. A request is two blocks: a JSON
//! header (`size` in pixels, a square; `style`; `layers`, the names of the tile's layers) and a vector tile. An answer is one byte, 0 for pixels
//! (red, green, blue, alpha; rows from the top) or 1 for an error's text, and a block. A block is its length as four bytes, little end first, and
//! its bytes.
//!
//! Whoever asks must be ready for this program to end: maplibre 0.0.3 panics where Vulkan is missing or a polygon cannot be tessellated.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::{Context, bail, ensure};
use maplibre::headless::map::HeadlessMap;
use maplibre::headless::{HeadlessPlugin, create_headless_renderer};
use maplibre::plugin::Plugin;
use maplibre::render::RenderPlugin;
use maplibre::style::Style;
use maplibre::vector::{DefaultVectorTransferables, VectorPlugin};
use serde::Deserialize;

#[derive(Deserialize)]
struct Header {
    size: u32,
    style: Style,
    layers: Vec<String>,
}

/// Pixels on a side.
const SIZES: std::ops::RangeInclusive<u32> = 16..=4096;
/// More than this is no tile.
const BLOCK_MAX: usize = 256 << 20;

fn main() -> anyhow::Result<()> {
    // maplibre writes each picture as `frame_N.png` into the working directory, and gives no other way to its pixels.
    let folder = tempfile::tempdir()?;
    std::env::set_current_dir(folder.path())?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    while let Some(header) = block(&mut input)? {
        let tile = block(&mut input)?.context("the input ends before the tile")?;
        let (status, answer) = match runtime.block_on(paint(&header, tile, folder.path())) {
            Ok(pixels) => (0, pixels),
            Err(error) => (1, format!("{error:#}").into_bytes()),
        };
        output.write_all(&[status])?;
        output.write_all(&u32::try_from(answer.len())?.to_le_bytes())?;
        output.write_all(&answer)?;
        output.flush()?;
    }
    Ok(())
}

/// The next block; none where the input ends.
fn block(input: &mut impl Read) -> anyhow::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match input.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let length = u32::from_le_bytes(length) as usize;
    ensure!(length <= BLOCK_MAX, "a block of {length} bytes");
    let mut block = vec![0; length];
    input.read_exact(&mut block)?;
    Ok(Some(block))
}

async fn paint(header: &[u8], tile: Vec<u8>, folder: &Path) -> anyhow::Result<Vec<u8>> {
    let mut header: Header = serde_json::from_slice(header).context("header")?;
    ensure!(
        SIZES.contains(&header.size),
        "size {} is not between {} and {}",
        header.size,
        SIZES.start(),
        SIZES.end()
    );
    // The order of drawing; serde leaves it out, and 0 is never drawn.
    for (layer, index) in header.style.layers.iter_mut().zip(1..) {
        layer.index = index;
    }
    // The size of a picture is fixed when its renderer is made.
    let (kernel, renderer) = create_headless_renderer(header.size, None).await;
    let plugins: Vec<Box<dyn Plugin<_>>> = vec![
        Box::<RenderPlugin>::default(),
        Box::<VectorPlugin<DefaultVectorTransferables>>::default(),
        Box::new(HeadlessPlugin::new(true)),
    ];
    let Ok(mut map) = HeadlessMap::new(header.style, renderer, kernel, plugins) else {
        bail!("the map cannot be made");
    };
    let names: Vec<&str> = header.layers.iter().map(String::as_str).collect();
    let layers = map.process_tile(tile.into_boxed_slice(), &names).await;
    map.render_tile(layers);
    let picture = folder.join("frame_0.png");
    let pixels = read(&picture, header.size);
    std::fs::remove_file(&picture).ok();
    pixels
}

fn read(picture: &Path, size: u32) -> anyhow::Result<Vec<u8>> {
    let file = File::open(picture).context("the picture was not written")?;
    let mut reader = png::Decoder::new(file).read_info()?;
    let mut pixels = vec![0; reader.output_buffer_size()];
    let info = reader.next_frame(&mut pixels)?;
    ensure!(
        (info.width, info.height) == (size, size) && info.color_type == png::ColorType::Rgba,
        "the picture is {} × {}",
        info.width,
        info.height
    );
    Ok(pixels)
}
