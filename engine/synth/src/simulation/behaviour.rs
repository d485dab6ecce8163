//! How complaints of each category behave: when they come, how long they take, and what callers say.

use super::rhythm::Day::{self, Home, Night, Office, Street};
use super::rhythm::Season::{
    self, Catkins, Heating, None as AllYear, Rain, School, Summer, YearEnd,
};
use super::rhythm::Week::{self, Even, Leisure, Working};

/// One row of the table.
pub(super) struct Behaviour {
    pub(super) code: &'static str,
    pub(super) day: Day,
    pub(super) week: Week,
    pub(super) season: Season,
    pub(super) close_h: f64,
    pub(super) outdoors: bool,
    pub(super) zh: &'static str,
    pub(super) en: &'static str,
}

const fn indoors(
    code: &'static str,
    (day, week, season): (Day, Week, Season),
    close_h: f64,
    zh: &'static str,
    en: &'static str,
) -> Behaviour {
    Behaviour {
        code,
        day,
        week,
        season,
        close_h,
        outdoors: false,
        zh,
        en,
    }
}

const fn outdoors(
    code: &'static str,
    pattern: (Day, Week, Season),
    close_h: f64,
    zh: &'static str,
    en: &'static str,
) -> Behaviour {
    Behaviour {
        outdoors: true,
        ..indoors(code, pattern, close_h, zh, en)
    }
}

#[rustfmt::skip]
pub(super) const BEHAVIOURS: [Behaviour; 42] = [
    indoors("property-service", (Office, Working, AllYear), 96.0, "物业长期不履行服务，楼道无人打扫", "the property manager does not do its work and nobody cleans the stairs"),
    indoors("neighbour-noise", (Night, Leisure, Summer), 60.0, "夜间有人唱歌跳舞，音响声音很大，影响休息", "loud music and dancing at night keep people awake"),
    outdoors("illegal-parking", (Street, Even, AllYear), 30.0, "机动车违法停放占用人行道", "cars are parked on the pavement"),
    outdoors("construction-noise", (Night, Even, Summer), 54.0, "工地夜间施工，噪声扰民", "a building site works at night and is loud"),
    indoors("heating", (Home, Even, Heating), 40.0, "暖气不热，室内温度不到16度", "the heating is lukewarm and it is below 16 degrees inside"),
    outdoors("rubbish-collection", (Home, Working, Summer), 28.0, "垃圾桶满溢，多日无人清运", "the bins overflow and have not been emptied for days"),
    indoors("consumer-dispute", (Office, Leisure, AllYear), 150.0, "商家拒绝退货退款", "a shop refuses to take goods back"),
    outdoors("street-vendors", (Street, Leisure, Summer), 26.0, "流动摊贩占道经营，道路拥堵", "street vendors block the way"),
    indoors("illegal-building", (Office, Working, AllYear), 260.0, "有人私自搭建违法建筑", "someone is putting up a building without a permit"),
    outdoors("road-damage", (Street, Working, AllYear), 90.0, "路面破损有坑洼，车辆颠簸", "the road has holes"),
    indoors("estate-parking", (Home, Even, AllYear), 110.0, "小区停车位不足，收费不合理", "the estate has too few parking spaces and charges too much"),
    indoors("no-water", (Home, Even, AllYear), 9.0, "家中停水，没有接到通知", "there is no water and nobody gave notice"),
    indoors("elevator", (Home, Even, AllYear), 14.0, "电梯频繁故障停运，老人出行不便", "the elevator keeps breaking down and old people are stuck"),
    outdoors("construction-dust", (Office, Even, AllYear), 44.0, "工地土方未苫盖，扬尘严重", "earth at a building site is not covered and dust blows everywhere"),
    indoors("unpaid-wages", (Office, Working, YearEnd), 330.0, "项目完工后拖欠工资", "wages were not paid after the work was done"),
    indoors("kitchen-fumes", (Home, Leisure, Summer), 80.0, "楼下餐馆油烟直排，异味扰民", "the restaurant downstairs blows its fumes into the yard"),
    indoors("leaking-roof", (Home, Even, Rain), 190.0, "屋顶漏水，墙面发霉", "the roof leaks and the wall is mouldy"),
    indoors("power-cut", (Home, Even, Summer), 7.0, "突然停电，尚未恢复", "the power went out and is not back"),
    indoors("blocked-drain", (Home, Even, Rain), 20.0, "下水道堵塞，污水外溢", "the drain is blocked and sewage comes up"),
    outdoors("shared-bikes", (Street, Working, AllYear), 18.0, "共享单车乱停放，堵住路口", "shared bikes block the corner"),
    indoors("prepaid-card", (Office, Leisure, AllYear), 300.0, "健身房关门，预付卡无法退费", "the gym closed and does not pay back prepaid cards"),
    indoors("ebike-charging", (Home, Even, AllYear), 50.0, "有人在楼道给电动自行车充电", "someone charges an e-bike in the stairwell"),
    indoors("old-estate", (Office, Working, AllYear), 310.0, "老旧小区何时改造，没有答复", "nobody says when the old estate will be renovated"),
    outdoors("street-lights", (Home, Even, AllYear), 46.0, "路灯多日不亮，夜间出行不安全", "the street lights have been out for days"),
    outdoors("bus-service", (Street, Working, AllYear), 130.0, "公交班次太少，等车时间长", "buses are too rare"),
    indoors("school-admission", (Office, Working, School), 220.0, "孩子入学材料审核未通过，不知原因", "the school did not admit a child and gives no reason"),
    indoors("blocked-fire-lane", (Home, Even, AllYear), 12.0, "消防通道被车辆占用", "the fire lane is blocked by cars"),
    outdoors("road-flooding", (Street, Even, Rain), 5.0, "道路积水严重，无法通行", "the road is flooded and impassable"),
    outdoors("trees", (Office, Working, Summer), 120.0, "树枝过长遮挡窗户，存在隐患", "branches cover the windows and may fall"),
    indoors("medical", (Office, Working, AllYear), 100.0, "医院挂号困难，窗口态度差", "no appointment can be had at the hospital"),
    indoors("waste-sorting", (Home, Even, AllYear), 60.0, "垃圾分类桶站设置不合理，气味大", "the sorting station smells and stands in the wrong place"),
    outdoors("traffic-noise", (Night, Even, Summer), 140.0, "大货车夜间鸣笛，噪声扰民", "lorries sound their horns at night"),
    indoors("water-quality", (Home, Even, AllYear), 22.0, "自来水发黄，水压不足", "tap water is yellow and the pressure low"),
    outdoors("traffic-lights", (Street, Even, AllYear), 8.0, "路口信号灯不亮，车辆混乱", "the traffic lights are out"),
    outdoors("manhole-cover", (Street, Even, AllYear), 4.0, "井盖缺失，行人有跌落危险", "a manhole cover is missing"),
    outdoors("builders-waste", (Office, Leisure, AllYear), 70.0, "建筑垃圾随意堆放", "builders' waste was dumped"),
    outdoors("catkins", (Office, Even, Catkins), 100.0, "杨柳飞絮严重，居民过敏", "willow catkins fill the air and people are allergic"),
    indoors("social-insurance", (Office, Working, AllYear), 120.0, "社保关系转移迟迟未办结", "a social insurance transfer is not finished"),
    indoors("gas", (Home, Even, AllYear), 3.0, "闻到燃气味道，担心泄漏", "there is a smell of gas"),
    outdoors("flyers", (Office, Even, AllYear), 36.0, "楼道和电线杆上张贴大量小广告", "flyers are pasted over the stairs and the posts"),
    outdoors("open-burning", (Home, Leisure, AllYear), 10.0, "有人露天焚烧垃圾，烟味呛人", "someone burns rubbish in the open"),
    outdoors("stray-dogs", (Home, Leisure, AllYear), 64.0, "有流浪犬出没，遛狗不牵绳", "stray dogs roam and dogs run off the lead"),
];
