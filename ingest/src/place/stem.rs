//! What remains of an area's name without the word for its class.

use citybrain_model::AreaLevel;

use super::fold::{is_bare, length};

/// The forms of a folded name with less and less of the words for a class at its end, from long to short, without the name
/// itself. A village committee is its village first: 和平村委会, 和平村, 和平.
///
/// A single character is a stem only when one word was cut off: 张 of 张镇, which is 张地区 as well; but 良 is none of 良乡镇.
pub(super) fn stems(level: AreaLevel, folded: &str) -> Vec<String> {
    let mut stems: Vec<String> = Vec::new();
    let mut rest = folded.to_owned();
    for least in LEAST {
        let Some(next) = shorter(level, &rest, least) else {
            break;
        };
        stems.push(next.clone());
        rest = next;
    }
    stems
}

/// Fewest characters that remain after the first and the second word. Two are enough for 村 in 村委会 and a people's name
/// before 乡; more would eat into names.
const LEAST: [usize; 2] = [1, 2];

fn shorter(level: AreaLevel, folded: &str, least: usize) -> Option<String> {
    let enough = |stem: &str| length(stem) >= least && stem.ends_with(is_bare_or_blank);
    if level == AreaLevel::Community {
        for committee in VILLAGE_COMMITTEES {
            if let Some(stem) = folded.strip_suffix(committee).filter(|s| enough(s)) {
                let village = if stem.ends_with('村') { "" } else { "村" };
                return Some(format!("{stem}{village}"));
            }
        }
    }
    let (bare, words) = endings(level);
    let stem = bare
        .iter()
        .find_map(|ending| folded.strip_suffix(ending).filter(|stem| enough(stem)));
    if let Some(stem) = stem {
        return Some(without_peoples(stem).to_owned());
    }
    let without_word = words.iter().find_map(|ending| {
        let stem = folded.strip_suffix(ending)?;
        (!stem.is_empty()).then_some(stem)
    });
    let without_people = || Some(without_peoples(folded)).filter(|stem| *stem != folded);
    without_word.or_else(without_people).map(str::to_owned)
}

/// The endings of a level in scripts without blanks and in words, longer ones before those that end them.
fn endings(level: AreaLevel) -> (&'static [&'static str], &'static [&'static str]) {
    match level {
        AreaLevel::District => (&["自治县", "新区", "区", "县", "市"], DISTRICT_WORDS),
        AreaLevel::Subdistrict => (SUBDISTRICTS, SUBDISTRICT_WORDS),
        AreaLevel::Community | AreaLevel::Grid => (COMMUNITIES, COMMUNITY_WORDS),
    }
}

const SUBDISTRICTS: &[&str] = &[
    "街道办事处",
    "地区办事处",
    "镇人民政府",
    "乡人民政府",
    "街道办",
    "地区办",
    "镇政府",
    "乡政府",
    "办事处",
    "民族乡",
    "街道",
    "地区",
    "镇",
    "乡",
];
const VILLAGE_COMMITTEES: [&str; 2] = ["村民委员会", "村委会"];
const COMMUNITIES: &[&str] = &[
    "社区居民委员会",
    "社区居委会",
    "居民委员会",
    "家属委员会",
    "居委会",
    "家委会",
    "行政村",
    "社区",
    "村",
];
const DISTRICT_WORDS: &[&str] = &[
    " district ",
    " borough ",
    " county ",
    " neighborhood ",
    " neighbourhood ",
];
const SUBDISTRICT_WORDS: &[&str] = &[
    " subdistrict ",
    " sub  district ",
    " street  office ",
    " community  district ",
    " neighborhood ",
    " neighbourhood ",
    " township ",
    " town ",
];
const COMMUNITY_WORDS: &[&str] = &[
    " residents  committee ",
    " residential  community ",
    " community ",
    " neighborhood ",
    " neighbourhood ",
    " village ",
];

/// The stem without the peoples that an autonomous town or county names: 长哨营满族 is 长哨营.
fn without_peoples(stem: &str) -> &str {
    let mut rest = stem;
    while let Some(shorter) = PEOPLES
        .iter()
        .find_map(|people| rest.strip_suffix(people).filter(|stem| length(stem) >= 2))
    {
        rest = shorter;
    }
    rest
}

/// The 55 recognised minorities (GB/T 3304), 族 included; longer names before those that end them.
const PEOPLES: [&str; 55] = [
    "柯尔克孜族",
    "维吾尔族",
    "哈萨克族",
    "达斡尔族",
    "塔吉克族",
    "鄂温克族",
    "俄罗斯族",
    "乌孜别克族",
    "鄂伦春族",
    "塔塔尔族",
    "蒙古族",
    "土家族",
    "朝鲜族",
    "哈尼族",
    "傈僳族",
    "仡佬族",
    "东乡族",
    "高山族",
    "拉祜族",
    "纳西族",
    "仫佬族",
    "锡伯族",
    "景颇族",
    "毛南族",
    "撒拉族",
    "布朗族",
    "阿昌族",
    "普米族",
    "基诺族",
    "德昂族",
    "保安族",
    "裕固族",
    "门巴族",
    "独龙族",
    "赫哲族",
    "珞巴族",
    "布依族",
    "回族",
    "满族",
    "壮族",
    "苗族",
    "彝族",
    "藏族",
    "侗族",
    "瑶族",
    "白族",
    "黎族",
    "傣族",
    "畲族",
    "水族",
    "佤族",
    "羌族",
    "土族",
    "怒族",
    "京族",
];

fn is_bare_or_blank(character: char) -> bool {
    is_bare(character) || character == ' '
}

#[cfg(test)]
mod tests;
