use rstest::rstest;

use super::*;

#[rstest]
#[case::chinese_mobile("请联系13812345678，谢谢", "请联系***，谢谢")]
#[case::mobile_in_groups("电话 138-1234-5678 或 139 1234 5678。", "电话 *** 或 ***。")]
#[case::mobile_with_country_code("+86 138 1234 5678打不通", "***打不通")]
#[case::mobile_full_width("我的手机１３８１２３４５６７８", "我的手机***")]
#[case::two_mobiles_side_by_side("13812345678,13912345678", "***,***")]
#[case::landline("拨打010-12345678无人接听", "拨打***无人接听")]
#[case::landline_in_brackets("（0731）88888888", "***")]
#[case::landline_without_area_code("电话：88886666", "电话：***")]
#[case::qq("QQ群号：12345678", "QQ群号：12345678")]
#[case::qq_number("QQ：123456789", "QQ：***")]
#[case::id_card("身份证号110101199003071234", "身份证号***")]
#[case::id_card_with_x("他的11010119900307123X是", "他的***是")]
#[case::old_id_card("身份证：110101900307123", "身份证：***")]
#[case::mail("写信到 zhang.san@example.com.cn 即可", "写信到 *** 即可")]
#[case::mail_full_width("zhang＠example.com", "***")]
#[case::american("call (617) 555-1234 now", "call *** now")]
#[case::american_dashes("617-555-1234", "***")]
#[case::american_dots("1.617.555.1234", "***")]
#[case::american_with_country_code("+1 617 555 1234", "***")]
#[case::american_bare_after_a_word("Phone number: 6175551234.", "Phone number: ***.")]
#[case::british("ring +44 20 7946 0958", "ring ***")]
fn personal_data_are_masked(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(masked(text), expected);
}

#[rstest]
#[case::case_number("see case 2024090112 of last week")]
#[case::boston_case_number("101000295613")]
#[case::chicago_case_number("00-00002158 and 14-01209013")]
#[case::chinese_order_number("工单号码：2024090112")]
#[case::long_order_number("工单20190228112505123456")]
#[case::date("2019-02-28 11:25:05, 2019/2/28, 20190228")]
#[case::american_date("09/01/2024 12:20:58 AM")]
#[case::unit_grid_code("网格110101001001001")]
#[case::address("135-41 223 STREET, 42-15 81st St, zip 02121-1234")]
#[case::hotline("我打12345，又致电12345")]
#[case::coordinates("at 39.913812345678, 116.397123456789")]
#[case::h3_cell("8928308280fffff")]
#[case::money("2,500,000.00 元")]
#[case::numbers_around("13812345678901 and 9913812345678")]
fn other_numbers_stay(#[case] text: &str) {
    assert_eq!(masked(text), text);
}

#[test]
fn texts_deep_in_json_are_masked_and_numbers_stay() {
    let mut value =
        serde_json::json!({"a": ["call 617-555-1234", 6_175_551_234_u64], "b": {"c": "x@y.org"}});
    mask_json(&mut value);
    let expected = serde_json::json!({"a": ["call ***", 6_175_551_234_u64], "b": {"c": "***"}});
    assert_eq!(value, expected);
}

proptest::proptest! {
    #[test]
    fn masking_twice_masks_no_more(text in r"[0-9a-z@.+() —电话手机\-]{0,60}") {
        let once = masked(&text).into_owned();
        let twice = masked(&once).into_owned();
        // Only the stars of the first masking may stand closer to what was left.
        proptest::prop_assert!(twice.matches('*').count() >= once.matches('*').count());
    }

    #[test]
    fn a_mobile_number_never_survives(before in r"[^0-9０-９.]{0,20}", number in "1[3-9][0-9]{9}", after in r"[^0-9０-９]{0,20}") {
        let text = format!("{before}{number}{after}");
        proptest::prop_assert!(!masked(&text).contains(&number));
    }
}
