//! Ready map tiles.

use axum::body::Bytes;
use citybrain_grid::tile::TileCoord;
use moka::sync::Cache;

use super::Layer;

/// Tiles by what they show, as many as fit into a given memory; the least used go first.
#[derive(Debug, Clone)]
pub(crate) struct TileCache(Cache<TileKey, Bytes>);

/// What a tile shows. The boundaries of a running server do not change.
pub(crate) type TileKey = (Layer, TileCoord);

/// What an entry costs besides its tile, bytes.
const OVERHEAD: usize = 128;

impl TileCache {
    /// A cache of at most `bytes` of memory.
    pub(crate) fn new(bytes: u64) -> Self {
        let weigh =
            |_: &TileKey, tile: &Bytes| u32::try_from(tile.len() + OVERHEAD).unwrap_or(u32::MAX);
        Self(Cache::builder().max_capacity(bytes).weigher(weigh).build())
    }

    /// The tile, made when it is not there; several that ask at once wait for one that makes it. It may take long: call it
    /// where blocking is allowed.
    pub(crate) fn tile(&self, key: TileKey, make: impl FnOnce() -> Vec<u8>) -> Bytes {
        self.0.get_with(key, || Bytes::from(make()))
    }

    /// The tile if it is there.
    pub(crate) fn ready(&self, key: &TileKey) -> Option<Bytes> {
        self.0.get(key)
    }

    /// Memory in use, bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.weighted_size()
    }
}

#[cfg(test)]
mod tests {
    use h3o::Resolution;

    use super::*;

    fn key(x: u32) -> TileKey {
        (
            Layer::Cells(Resolution::Nine),
            TileCoord::try_new(12, x, 0).unwrap(),
        )
    }

    #[test]
    fn a_tile_is_made_once() {
        let cache = TileCache::new(1 << 20);
        assert_eq!(cache.tile(key(1), || vec![1]), Bytes::from_static(&[1]));
        assert_eq!(cache.tile(key(1), || vec![2]), Bytes::from_static(&[1]));
        assert_eq!(cache.ready(&key(2)), None);
    }

    #[test]
    fn the_cache_keeps_to_its_memory() {
        let cache = TileCache::new(10_000);
        for x in 0..100 {
            cache.tile(key(x), || vec![0; 1000]);
        }
        cache.0.run_pending_tasks();
        assert!(cache.bytes() <= 10_000, "{}", cache.bytes());
    }
}
