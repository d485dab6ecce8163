//! The words on a picture, in Chinese or English.

use citybrain_query::Measure;

/// The words of one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Words {
    Chinese,
    English,
}

impl Words {
    /// Chinese for `zh`, English for anything else.
    pub(crate) fn of(language: &str) -> Self {
        if language == "zh" {
            Self::Chinese
        } else {
            Self::English
        }
    }

    /// The code of the language.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Chinese => "zh",
            Self::English => "en",
        }
    }

    const fn pick(self, chinese: &'static str, english: &'static str) -> &'static str {
        match self {
            Self::Chinese => chinese,
            Self::English => english,
        }
    }

    pub(crate) fn title(self, city: &str, measure: &Measure) -> String {
        match (self, measure) {
            (Self::Chinese, Measure::Mean { property }) => format!("{city} {property}均值"),
            (Self::Chinese, _) => format!("{city} 诉求热力图"),
            (Self::English, Measure::Mean { property }) => format!("{city}: mean {property}"),
            (Self::English, _) => format!("{city}: complaints"),
        }
    }

    pub(crate) fn measure(self, measure: &Measure) -> String {
        match measure {
            Measure::Count => self.pick("诉求件数", "Complaints").to_owned(),
            Measure::PerKm2 => self.pick("每平方公里件数", "Complaints per km²").to_owned(),
            Measure::Per10k => self
                .pick("每万人件数", "Complaints per 10,000 residents")
                .to_owned(),
            Measure::Mean { property } => match self {
                Self::Chinese => format!("{property} 均值"),
                Self::English => format!("Mean {property}"),
            },
        }
    }

    pub(crate) const fn all_time(self) -> &'static str {
        self.pick("全部时间", "all time")
    }

    pub(crate) fn data_cut(self, instant: &str) -> String {
        match self {
            Self::Chinese => format!("数据截至 {instant}"),
            Self::English => format!("data up to {instant}"),
        }
    }

    pub(crate) fn boundaries(self, version: &str) -> String {
        match self {
            Self::Chinese => format!("边界版本 {version}"),
            Self::English => format!("boundaries {version}"),
        }
    }

    /// Of how many records the picture shows none.
    pub(crate) fn not_located(self, records: u64) -> String {
        match self {
            Self::Chinese => format!("另有 {records} 件无坐标"),
            Self::English => format!("{records} more are not located"),
        }
    }

    pub(crate) const fn total(self) -> &'static str {
        self.pick("诉求", "complaints")
    }

    pub(crate) const fn before(self) -> &'static str {
        self.pick("上一同等时段", "in the span before")
    }

    pub(crate) const fn change(self) -> &'static str {
        self.pick("变化", "change")
    }

    pub(crate) const fn per_day(self) -> &'static str {
        self.pick("日均", "a day")
    }

    pub(crate) const fn topics(self) -> &'static str {
        self.pick("主要问题", "What it is about")
    }

    pub(crate) const fn category(self) -> &'static str {
        self.pick("问题分类", "category")
    }

    pub(crate) const fn count(self) -> &'static str {
        self.pick("件数", "count")
    }

    pub(crate) const fn windows(self) -> &'static str {
        self.pick(
            "周期性问题：下一个时段",
            "What comes back: next expected windows",
        )
    }

    pub(crate) const fn when(self) -> &'static str {
        self.pick("规律", "when")
    }

    pub(crate) const fn next(self) -> &'static str {
        self.pick("下次", "next")
    }

    pub(crate) const fn expected(self) -> &'static str {
        self.pick("预计件数", "expected")
    }

    pub(crate) const fn none_found(self) -> &'static str {
        self.pick(
            "本时段数据未显示周期性问题",
            "The data of this span show none",
        )
    }

    pub(crate) fn why_none(self, reason: &str) -> String {
        match self {
            Self::Chinese => format!("无法分析：{reason}"),
            Self::English => format!("cannot be said: {reason}"),
        }
    }

    pub(crate) fn bulletin(self, area: &str) -> String {
        match self {
            Self::Chinese => format!("{area}诉求通报"),
            Self::English => format!("{area}: what residents report"),
        }
    }

    pub(crate) fn suppressed(self, least: u64) -> String {
        match self {
            Self::Chinese => format!("少于 {least} 件的数字不予公布；不含个人信息"),
            Self::English => {
                format!("Counts below {least} are not shown; no personal data")
            }
        }
    }

    pub(crate) fn fewer(self, least: u64) -> String {
        match self {
            Self::Chinese => format!("少于 {least}"),
            Self::English => format!("below {least}"),
        }
    }
}
