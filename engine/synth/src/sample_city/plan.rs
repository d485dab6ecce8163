//! From bare communities to a city: groups, kinds, names, codes and residents.

use std::collections::HashSet;

use geo::{Area as _, MultiPolygon};
use rand::Rng;
use spade::Triangulation as _;

use super::mesh::Border;
use super::names::{Kind, Name};
use super::sites::Sites;
use super::{SampleArea, SampleCity, SampleCityError, SampleCitySpec, hierarchy, names, outline};

/// Code of the sample city. No province's codes begin with 68.
const CITY_CODE: &str = "680100";

/// The communities with their groups, before names and codes.
pub(super) struct Plan<'a> {
    spec: &'a SampleCitySpec,
    borders: &'a [Border],
    shapes: Vec<MultiPolygon>,
    /// Kilometres from the centre.
    positions: Vec<[f64; 2]>,
    subdistrict_of: Vec<usize>,
    district_of: Vec<usize>,
    populations: Vec<u64>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        spec: &'a SampleCitySpec,
        sites: &Sites,
        borders: &'a [Border],
        shapes: Vec<MultiPolygon>,
        rng: &mut impl Rng,
    ) -> Self {
        let positions: Vec<[f64; 2]> = sites
            .triangulation
            .vertices()
            .take(sites.inside)
            .map(|site| [site.position().x, site.position().y])
            .collect();
        let mut neighbours = vec![Vec::new(); positions.len()];
        for border in borders {
            if let Some(right) = border.right {
                neighbours[border.left].push(right);
                neighbours[right].push(border.left);
            }
        }
        let subdistrict_of = hierarchy::group(&positions, &neighbours, spec.subdistricts, rng);

        let mut centres = vec![([0.0, 0.0], 0.0_f64); spec.subdistricts];
        let mut touching = vec![Vec::new(); spec.subdistricts];
        for (i, &group) in subdistrict_of.iter().enumerate() {
            let (sum, n) = &mut centres[group];
            *sum = [sum[0] + positions[i][0], sum[1] + positions[i][1]];
            *n += 1.0;
            let others = neighbours[i].iter().map(|&j| subdistrict_of[j]);
            touching[group].extend(others.filter(|&other| other != group));
        }
        let centres: Vec<[f64; 2]> = centres
            .into_iter()
            .map(|([x, y], n)| [x / n, y / n])
            .collect();
        let district_of = hierarchy::group(&centres, &touching, spec.districts, rng);

        let populations = populations(spec, &shapes, rng);
        Self {
            spec,
            borders,
            shapes,
            positions,
            subdistrict_of,
            district_of,
            populations,
        }
    }

    /// Names and codes from the core outwards, then the outlines of the larger areas.
    pub(super) fn city(self, seed: u64, rng: &mut impl Rng) -> Result<SampleCity, SampleCityError> {
        let mut city = SampleCity {
            seed,
            spec: self.spec.clone(),
            districts: Vec::new(),
            subdistricts: Vec::new(),
            communities: Vec::new(),
        };
        let community_districts: Vec<usize> = self
            .subdistrict_of
            .iter()
            .map(|&subdistrict| self.district_of[subdistrict])
            .collect();
        let district_shapes =
            outline::outlines(self.borders, &community_districts, self.spec.districts);
        let subdistrict_shapes =
            outline::outlines(self.borders, &self.subdistrict_of, self.spec.subdistricts);

        let mut taken = HashSet::new();
        let districts = self.outwards(self.spec.districts, |i| community_districts[i]);
        let subdistricts = self.outwards(self.spec.subdistricts, |i| self.subdistrict_of[i]);
        if districts.len() > 99 {
            return Err(too_many(CITY_CODE, districts.len()));
        }
        for (number, &district) in (1..).zip(&districts) {
            let code = format!("{}{number:02}", &CITY_CODE.get(..4).expect("six digits"));
            let name = names::district(number - 1, rng, &mut taken);
            let members: Vec<usize> = subdistricts
                .iter()
                .copied()
                .filter(|&subdistrict| self.district_of[subdistrict] == district)
                .collect();
            let population =
                self.subdistricts(&mut city, &code, &members, &subdistrict_shapes, rng)?;
            city.districts.push(SampleArea {
                code,
                name: name.zh,
                name_en: name.en,
                parent: CITY_CODE.to_owned(),
                population,
                geometry: district_shapes[district].clone(),
            });
        }
        Ok(city)
    }

    /// Adds the subdistricts of one district with their communities; returns their residents.
    fn subdistricts(
        &self,
        city: &mut SampleCity,
        district: &str,
        members: &[usize],
        shapes: &[MultiPolygon],
        rng: &mut impl Rng,
    ) -> Result<u64, SampleCityError> {
        let mut kinds: Vec<(Kind, usize)> = members
            .iter()
            .map(|&subdistrict| (self.kind(&shapes[subdistrict], subdistrict), subdistrict))
            .collect();
        kinds.sort_by_key(|(kind, _)| *kind);
        let codes = codes(
            district,
            &kinds.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(),
            |kind| match kind {
                Kind::Street => 1,
                Kind::Town => 100,
                Kind::Township => 200,
            },
        )?;
        let mut taken = HashSet::new();
        let mut residents = 0;
        for ((kind, subdistrict), code) in kinds.into_iter().zip(codes) {
            let stem = names::subdistrict_stem(rng, &mut taken);
            let name = names::subdistrict(&stem, kind);
            let population = self.communities(city, &code, subdistrict, &stem, kind, rng)?;
            residents += population;
            city.subdistricts.push(SampleArea {
                code,
                name: name.zh,
                name_en: name.en,
                parent: district.to_owned(),
                population,
                geometry: shapes[subdistrict].clone(),
            });
        }
        Ok(residents)
    }

    /// Adds the communities of one subdistrict; returns their residents.
    fn communities(
        &self,
        city: &mut SampleCity,
        subdistrict: &str,
        group: usize,
        stem: &Name,
        kind: Kind,
        rng: &mut impl Rng,
    ) -> Result<u64, SampleCityError> {
        // In a town every fourth community is a village, in a township most are.
        let villages = match kind {
            Kind::Street => 0.0,
            Kind::Town => 0.3,
            Kind::Township => 0.85,
        };
        let mut members: Vec<(bool, usize)> = (0..self.positions.len())
            .filter(|&i| self.subdistrict_of[i] == group)
            .map(|i| (rng.random_bool(villages), i))
            .collect();
        members.sort_by_key(|(village, _)| *village);
        let codes = codes(
            subdistrict,
            &members
                .iter()
                .map(|(village, _)| *village)
                .collect::<Vec<_>>(),
            |village| if village { 200 } else { 1 },
        )?;
        let mut taken = HashSet::new();
        let mut residents = 0;
        for ((village, i), code) in members.into_iter().zip(codes) {
            let name = if village {
                names::village(rng, &mut taken)
            } else {
                names::community(stem, rng, &mut taken)
            };
            residents += self.populations[i];
            city.communities.push(SampleArea {
                code,
                name: name.zh,
                name_en: name.en,
                parent: subdistrict.to_owned(),
                population: self.populations[i],
                geometry: self.shapes[i].clone(),
            });
        }
        Ok(residents)
    }

    /// Groups in the order of their members' mean distance from the centre.
    fn outwards(&self, groups: usize, group_of: impl Fn(usize) -> usize) -> Vec<usize> {
        let mut sums = vec![(0.0, 0.0); groups];
        for (i, [x, y]) in self.positions.iter().enumerate() {
            let (sum, n) = &mut sums[group_of(i)];
            *sum += libm::hypot(*x, *y);
            *n += 1.0;
        }
        let mut order: Vec<usize> = (0..groups).collect();
        order.sort_by(|&a, &b| (sums[a].0 / sums[a].1).total_cmp(&(sums[b].0 / sums[b].1)));
        order
    }

    fn kind(&self, shape: &MultiPolygon, subdistrict: usize) -> Kind {
        let members = self
            .subdistrict_of
            .iter()
            .filter(|&&k| k == subdistrict)
            .count();
        #[expect(clippy::cast_precision_loss, reason = "a count of communities")]
        let each_km2 = outline::area_km2(shape, self.spec.centre.1) / members as f64;
        let city_km2 = std::f64::consts::PI * self.spec.radius_km * self.spec.radius_km;
        #[expect(clippy::cast_precision_loss, reason = "a count of communities")]
        let mean_km2 = city_km2 / self.positions.len() as f64;
        match each_km2 / mean_km2 {
            times if times < 0.6 => Kind::Street,
            times if times < 2.4 => Kind::Town,
            _ => Kind::Township,
        }
    }
}

/// Residents of each community: many where it is small, scaled to the city's population.
fn populations(spec: &SampleCitySpec, shapes: &[MultiPolygon], rng: &mut impl Rng) -> Vec<u64> {
    let weights: Vec<f64> = shapes
        .iter()
        .map(|shape| {
            let size = libm::pow(shape.unsigned_area(), -0.22);
            size * libm::exp(rng.random_range(-0.7..0.7))
        })
        .collect();
    let scale = spec.population / weights.iter().sum::<f64>();
    weights
        .into_iter()
        .map(|weight| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a population is checked to be positive and below 1e10"
            )]
            let residents = (weight * scale).round() as u64;
            residents
        })
        .collect()
}

/// Codes of an area's parts: each class counts from its own number on, and goes past the next class when it overflows.
fn codes<T: Copy>(
    parent: &str,
    classes: &[T],
    first: impl Fn(T) -> usize,
) -> Result<Vec<String>, SampleCityError> {
    let mut next = 0;
    classes
        .iter()
        .map(|&class| {
            next = first(class).max(next + 1);
            match next {
                1..=999 => Ok(format!("{parent}{next:03}")),
                _ => Err(too_many(parent, classes.len())),
            }
        })
        .collect()
}

fn too_many(parent: &str, members: usize) -> SampleCityError {
    SampleCityError::Codes {
        parent: parent.to_owned(),
        members,
    }
}
