//! Names of a city that does not exist, in Chinese and as pinyin.

use std::collections::HashSet;

use rand::Rng;
use rand::seq::IndexedRandom;

/// A name in both languages of the sample city.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Name {
    pub(super) zh: String,
    pub(super) en: String,
}

/// What kind of subdistrict: it decides the word behind the name and the range of its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// 街道
    Street,
    /// 镇
    Town,
    /// 乡
    Township,
}

type Part = (&'static str, &'static str);

const DISTRICTS: [Part; 24] = [
    ("鼓台", "Gutai"),
    ("文津", "Wenjin"),
    ("映月", "Yingyue"),
    ("望湖", "Wanghu"),
    ("柳堤", "Liudi"),
    ("梧桐", "Wutong"),
    ("石桥", "Shiqiao"),
    ("白鹭", "Bailu"),
    ("临港", "Lingang"),
    ("芦汀", "Luting"),
    ("南屏", "Nanping"),
    ("沙湾", "Shawan"),
    ("丹枫", "Danfeng"),
    ("青麓", "Qinglu"),
    ("听泉", "Tingquan"),
    ("松峦", "Songluan"),
    ("云溪", "Yunxi"),
    ("桂陵", "Guiling"),
    ("霞岭", "Xialing"),
    ("雁栖", "Yanqi"),
    ("北麓", "Beilu"),
    ("荷塘", "Hetang"),
    ("兰渚", "Lanzhu"),
    ("晴川", "Qingchuan"),
];

const FIRST: [Part; 62] = [
    ("清", "qing"),
    ("柳", "liu"),
    ("松", "song"),
    ("云", "yun"),
    ("和", "he"),
    ("安", "an"),
    ("永", "yong"),
    ("福", "fu"),
    ("兴", "xing"),
    ("新", "xin"),
    ("东", "dong"),
    ("西", "xi"),
    ("南", "nan"),
    ("北", "bei"),
    ("金", "jin"),
    ("玉", "yu"),
    ("龙", "long"),
    ("凤", "feng"),
    ("白", "bai"),
    ("青", "qing"),
    ("红", "hong"),
    ("紫", "zi"),
    ("石", "shi"),
    ("梅", "mei"),
    ("兰", "lan"),
    ("竹", "zhu"),
    ("菊", "ju"),
    ("桃", "tao"),
    ("杏", "xing"),
    ("枫", "feng"),
    ("荷", "he"),
    ("莲", "lian"),
    ("春", "chun"),
    ("秋", "qiu"),
    ("晨", "chen"),
    ("朝", "chao"),
    ("明", "ming"),
    ("光", "guang"),
    ("文", "wen"),
    ("德", "de"),
    ("仁", "ren"),
    ("义", "yi"),
    ("信", "xin"),
    ("华", "hua"),
    ("宁", "ning"),
    ("平", "ping"),
    ("康", "kang"),
    ("乐", "le"),
    ("嘉", "jia"),
    ("景", "jing"),
    ("天", "tian"),
    ("广", "guang"),
    ("高", "gao"),
    ("长", "chang"),
    ("大", "da"),
    ("万", "wan"),
    ("百", "bai"),
    ("双", "shuang"),
    ("三", "san"),
    ("甘", "gan"),
    ("瑞", "rui"),
    ("旭", "xu"),
];

const SECOND: [Part; 38] = [
    ("河", "he"),
    ("溪", "xi"),
    ("湖", "hu"),
    ("泉", "quan"),
    ("桥", "qiao"),
    ("门", "men"),
    ("坊", "fang"),
    ("塘", "tang"),
    ("湾", "wan"),
    ("堤", "di"),
    ("洲", "zhou"),
    ("源", "yuan"),
    ("山", "shan"),
    ("岭", "ling"),
    ("坡", "po"),
    ("台", "tai"),
    ("林", "lin"),
    ("园", "yuan"),
    ("井", "jing"),
    ("阳", "yang"),
    ("庭", "ting"),
    ("亭", "ting"),
    ("阁", "ge"),
    ("塔", "ta"),
    ("城", "cheng"),
    ("关", "guan"),
    ("口", "kou"),
    ("浦", "pu"),
    ("渡", "du"),
    ("店", "dian"),
    ("铺", "pu"),
    ("坪", "ping"),
    ("沟", "gou"),
    ("峪", "yu"),
    ("洼", "wa"),
    ("荫", "yin"),
    ("影", "ying"),
    ("岸", "an"),
];

const ESTATES: [Part; 16] = [
    ("里", "Li"),
    ("园", "Yuan"),
    ("苑", "Yuan"),
    ("家园", "Jiayuan"),
    ("花园", "Huayuan"),
    ("东里", "Dongli"),
    ("西里", "Xili"),
    ("南里", "Nanli"),
    ("北里", "Beili"),
    ("东街", "Dongjie"),
    ("西街", "Xijie"),
    ("胡同", "Hutong"),
    ("新村", "Xincun"),
    ("大院", "Dayuan"),
    ("佳苑", "Jiayuan"),
    ("雅居", "Yaju"),
];

const ORDINALS: [Part; 6] = [
    ("第一", "First"),
    ("第二", "Second"),
    ("第三", "Third"),
    ("第四", "Fourth"),
    ("第五", "Fifth"),
    ("第六", "Sixth"),
];

const FAMILIES: [Part; 20] = [
    ("王", "wang"),
    ("李", "li"),
    ("张", "zhang"),
    ("刘", "liu"),
    ("陈", "chen"),
    ("杨", "yang"),
    ("赵", "zhao"),
    ("黄", "huang"),
    ("周", "zhou"),
    ("吴", "wu"),
    ("徐", "xu"),
    ("孙", "sun"),
    ("马", "ma"),
    ("朱", "zhu"),
    ("胡", "hu"),
    ("郭", "guo"),
    ("何", "he"),
    ("林", "lin"),
    ("高", "gao"),
    ("罗", "luo"),
];

const VILLAGES: [Part; 9] = [
    ("庄", "zhuang"),
    ("家营", "jiaying"),
    ("家峪", "jiayu"),
    ("家屯", "jiatun"),
    ("家沟", "jiagou"),
    ("家集", "jiaji"),
    ("各庄", "gezhuang"),
    ("家坡", "jiapo"),
    ("家铺", "jiapu"),
];

const SIDES: [Part; 8] = [
    ("上", "shang"),
    ("下", "xia"),
    ("前", "qian"),
    ("后", "hou"),
    ("东", "dong"),
    ("西", "xi"),
    ("大", "da"),
    ("小", "xiao"),
];

/// Names of districts: the first ones are fixed, so that the sample city's map reads the same under every seed.
pub(super) fn district(index: usize, rng: &mut impl Rng, taken: &mut HashSet<String>) -> Name {
    let name = |zh: &str, en: &str| Name {
        zh: format!("{zh}区"),
        en: format!("{en} District"),
    };
    match DISTRICTS.get(index) {
        Some((zh, en)) => name(zh, en),
        None => unused(taken, || {
            let (zh, en) = place(rng);
            name(&zh, &en)
        }),
    }
}

/// The name of a subdistrict without its word, not yet `taken` in its district.
pub(super) fn subdistrict_stem(rng: &mut impl Rng, taken: &mut HashSet<String>) -> Name {
    unused(taken, || {
        let (zh, en) = place(rng);
        Name { zh, en }
    })
}

/// A subdistrict's stem with the word of its kind.
pub(super) fn subdistrict(stem: &Name, kind: Kind) -> Name {
    let (zh, en) = match kind {
        Kind::Street => ("街道", "Subdistrict"),
        Kind::Town => ("镇", "Town"),
        Kind::Township => ("乡", "Township"),
    };
    Name {
        zh: format!("{}{zh}", stem.zh),
        en: format!("{} {en}", stem.en),
    }
}

/// The name of a community in a town's streets, not yet `taken` in its subdistrict.
pub(super) fn community(stem: &Name, rng: &mut impl Rng, taken: &mut HashSet<String>) -> Name {
    unused(taken, || {
        let (zh, en) = if rng.random_bool(0.15) {
            let (zh, en) = pick(&ORDINALS, rng);
            (format!("{}{zh}", stem.zh), format!("{} {en}", stem.en))
        } else {
            let (zh, en) = place(rng);
            let (estate_zh, estate_en) = pick(&ESTATES, rng);
            (format!("{zh}{estate_zh}"), format!("{en} {estate_en}"))
        };
        Name {
            zh: format!("{zh}社区"),
            en: format!("{en} Community"),
        }
    })
}

/// The name of a village, not yet `taken` in its subdistrict.
pub(super) fn village(rng: &mut impl Rng, taken: &mut HashSet<String>) -> Name {
    unused(taken, || {
        let parts: Vec<Part> = match rng.random_range(0..4) {
            0 => vec![
                pick(&SIDES, rng),
                pick(&FAMILIES, rng),
                pick(&VILLAGES, rng),
            ],
            1 => vec![pick(&SIDES, rng), pick(&FIRST, rng), pick(&SECOND, rng)],
            _ => vec![pick(&FAMILIES, rng), pick(&VILLAGES, rng)],
        };
        let (zh, en) = join(&parts);
        Name {
            zh: format!("{zh}村"),
            en: format!("{en} Village"),
        }
    })
}

fn place(rng: &mut impl Rng) -> (String, String) {
    loop {
        let (first, second) = (pick(&FIRST, rng), pick(&SECOND, rng));
        if first.0 != second.0 {
            return join(&[first, second]);
        }
    }
}

fn pick(parts: &[Part], rng: &mut impl Rng) -> Part {
    *parts
        .choose(rng)
        .expect("the tables of names are not empty")
}

/// Joins syllables as pinyin is written: one word, an apostrophe before a vowel inside it, a capital first.
fn join(parts: &[Part]) -> (String, String) {
    let zh = parts.iter().map(|part| part.0).collect();
    let mut en = String::new();
    for (_, syllable) in parts {
        if !en.is_empty() && syllable.starts_with(['a', 'e', 'o']) {
            en.push('\'');
        }
        for c in syllable.chars() {
            en.push(if en.is_empty() {
                c.to_ascii_uppercase()
            } else {
                c
            });
        }
    }
    (zh, en)
}

/// Draws until a name is new under one parent; a table that is used up gives numbered names.
fn unused(taken: &mut HashSet<String>, mut draw: impl FnMut() -> Name) -> Name {
    let mut last = draw();
    for _ in 0..64 {
        if taken.insert(last.zh.clone()) {
            return last;
        }
        last = draw();
    }
    let number = taken.len() + 1;
    let name = Name {
        zh: format!("{}{number}", last.zh),
        en: format!("{} {number}", last.en),
    };
    taken.insert(name.zh.clone());
    name
}
