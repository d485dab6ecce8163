use proptest::prelude::*;
use rstest::rstest;

use super::*;

#[rstest]
#[case::full_width("Ａ３区", " a3 区")]
#[case::traditional("萬柳地區", "万柳地区")]
#[case::blanks_between_characters("朝 阳\t区", "朝阳区")]
#[case::words("  Main   St. ", " main  st ")]
#[case::apostrophe("Martha's", " marthas ")]
#[case::a_stop_stays_between_names("朝阳，东风乡。", "朝阳,东风乡")]
#[case::letters_and_characters("A区 3号楼", " a 区 3 号楼")]
fn a_text_is_folded(#[case] text: &str, #[case] folded: &str) {
    assert_eq!(fold(text), folded);
    assert_eq!(fold(&fold(text)), folded, "once is enough");
}

proptest! {
    #[test]
    fn a_folded_name_of_characters_is_in_the_folded_text_around_it(
        before in "[\u{4e00}-\u{9fff}a-z0-9， ]{0,12}", name in "[\u{4e00}-\u{9fff}]{2,6}", after in "[\u{4e00}-\u{9fff}a-z0-9， ]{0,12}",
    ) {
        let text = [before, name.clone(), after].concat();
        prop_assert!(fold(&text).contains(&fold(&name)));
    }
}
