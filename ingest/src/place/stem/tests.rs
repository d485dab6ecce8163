use rstest::rstest;

use super::*;
use crate::place::fold;

#[rstest]
#[case(AreaLevel::District, "海淀区", &["海淀"])]
#[case(AreaLevel::Subdistrict, "东风地区办事处", &["东风"])]
#[case(AreaLevel::Subdistrict, "杨镇镇", &["杨镇"])]
#[case(AreaLevel::Subdistrict, "良乡镇", &["良乡"])]
#[case(AreaLevel::Subdistrict, "张镇", &["张"])]
#[case(AreaLevel::Subdistrict, "檀营满族蒙古族乡", &["檀营"])]
#[case(AreaLevel::Community, "和平村委会", &["和平村", "和平"])]
#[case(AreaLevel::Community, "和平村村委会", &["和平村", "和平"])]
#[case(AreaLevel::Community, "多福巷社区居委会", &["多福巷"])]
#[case(AreaLevel::District, "Queens Borough", &[" queens "])]
#[case(AreaLevel::District, "District", &[])]
fn a_name_loses_its_class(#[case] level: AreaLevel, #[case] name: &str, #[case] expected: &[&str]) {
    assert_eq!(stems(level, &fold(name)), expected);
}
