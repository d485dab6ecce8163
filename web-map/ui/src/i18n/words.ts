import type { Lang } from './i18n';

/** Words that many feeds use for states and channels; whatever is not here is shown as the data has it. */
const WORDS: Record<string, Record<Lang, string>> = {
  open: { zh: '待处理', en: 'Open' },
  accepted: { zh: '已受理', en: 'Accepted' },
  classified: { zh: '已分类', en: 'Classified' },
  dispatched: { zh: '已派单', en: 'Dispatched' },
  signed: { zh: '已签收', en: 'Signed for' },
  in_progress: { zh: '办理中', en: 'In progress' },
  pending: { zh: '挂起', en: 'Pending' },
  answered: { zh: '已反馈', en: 'Answered' },
  called_back: { zh: '已回访', en: 'Called back' },
  resolved: { zh: '已解决', en: 'Resolved' },
  closed: { zh: '已办结', en: 'Closed' },
  returned: { zh: '已退单', en: 'Returned' },
  reopened: { zh: '重新办理', en: 'Reopened' },
  emergency: { zh: '紧急', en: 'Emergency' },
  urgent: { zh: '加急', en: 'Urgent' },
  ordinary: { zh: '一般', en: 'Ordinary' },
  complex: { zh: '疑难', en: 'Complex' },
  phone: { zh: '电话', en: 'Phone' },
  app: { zh: '手机应用', en: 'App' },
  web: { zh: '网站', en: 'Web' },
  wechat: { zh: '微信', en: 'WeChat' },
  weibo: { zh: '微博', en: 'Weibo' },
  message_board: { zh: '留言板', en: 'Message board' },
  in_hand: { zh: '办理中', en: 'In hand' },
  listed: { zh: '已挂账', en: 'On the long-term list' },
  letter: { zh: '信件', en: 'Letter' },
  grid_patrol: { zh: '网格巡查', en: 'Grid patrol' },
  sensor: { zh: '传感器', en: 'Sensor' },
};

/** A value of the data in the reader's language where the page knows it. */
export function word(value: string, lang: Lang): string {
  return WORDS[value.toLowerCase().replaceAll(/[ -]/g, '_')]?.[lang] ?? value;
}
