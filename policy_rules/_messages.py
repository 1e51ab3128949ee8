"""The sentence of every problem code, in Chinese and English.

Placeholders: ``{expected}``, ``{got}`` (already in backticks where a user wrote it), ``{path}``,
``{detail}``. Advice (the nearest right name) is appended by :meth:`Problem.message`.
"""

from __future__ import annotations

from typing import Final

from policy_rules._messages_tables import TABLES
from policy_rules._messages_versions import VERSIONS

MESSAGES: Final[dict[str, dict[str, str]]] = {
    "_nearest": {"en": "did you mean `{nearest}`?", "zh": "是否想写 `{nearest}`？"},
    # -- files ---------------------------------------------------------------------------------
    "cannot_read": {"en": "this file cannot be read: {detail}", "zh": "无法读取此文件：{detail}"},
    "unknown_file": {
        "en": "no file of a pack is called {got}: nothing would read it",
        "zh": "规则包中没有名为 {got} 的文件，写在其中的内容不会被读取",
    },
    "file_missing": {"en": "the file {expected} is missing", "zh": "缺少文件 {expected}"},
    "file_too_large": {
        "en": "this file has {got} bytes, the limit is {expected}",
        "zh": "此文件有 {got} 字节，上限为 {expected} 字节",
    },
    "not_utf8": {
        "en": "this file is not UTF-8 text: the byte {got} cannot stand here",
        "zh": "此文件不是 UTF-8 文本：此处的字节 {got} 无法解读",
    },
    "broken_text": {
        "en": "half of a character stands here (a lone surrogate), which no file can hold: {got}",
        "zh": "此处有不完整的字符（单独的代理码位），无法写入文件：{got}",
    },
    "bad_yaml": {"en": "this is not valid YAML: {detail}", "zh": "YAML 格式有误：{detail}"},
    "bad_json": {"en": "this is not valid JSON: {detail}", "zh": "JSON 格式有误：{detail}"},
    "too_many_values": {
        "en": "there are more than {expected} values here",
        "zh": "此处的值超过 {expected} 个",
    },
    "recursive_alias": {
        "en": "this alias contains itself",
        "zh": "此别名引用了自身",
    },
    "unsafe_tag": {"en": "the tag {got} is not allowed", "zh": "不允许使用标签 {got}"},
    "key_not_text": {"en": "a key must be text", "zh": "键必须是文本"},
    "duplicate_key": {"en": "the key {got} stands twice", "zh": "键 {got} 重复出现"},
    "too_deep": {
        "en": "this is nested more than {expected} levels deep",
        "zh": "此处嵌套超过 {expected} 层",
    },
    # -- the form of a file --------------------------------------------------------------------
    "unknown_key": {"en": "unknown key {got}", "zh": "没有名为 {got} 的键"},
    "missing_key": {"en": "the key {expected} is missing", "zh": "缺少键 {expected}"},
    "misplaced_key": {
        "en": "the key {got} does not belong here, it stands only with {expected}",
        "zh": "键 {got} 不应出现在此处，它只能与 {expected} 同时使用",
    },
    "conflicting_keys": {
        "en": "the key {got} cannot stand next to {expected}",
        "zh": "键 {got} 不能与 {expected} 同时使用",
    },
    "not_allowed": {
        "en": "expected {expected}, got {got}",
        "zh": "此处应为 {expected}，现为 {got}",
    },
    "bad_form": {"en": "expected {expected}, got {got}", "zh": "此处应为 {expected}，现为 {got}"},
    "wrong_type": {"en": "expected {expected}, got {got}", "zh": "此处应为 {expected}，现为 {got}"},
    "empty": {"en": "this must not be empty", "zh": "此处不能为空"},
    "repeated_item": {"en": "{got} stands twice in this list", "zh": "{got} 在此列表中重复出现"},
    "flow_style": {
        "en": "an expression must stand in block style, on its own line, not inside {{…}} or […]",
        "zh": "表达式须单独成行（块格式），不能写在 {{…}} 或 […] 之内",
    },
    "out_of_range": {
        "en": "{got} is out of range, expected {expected}",
        "zh": "{got} 超出范围，应为 {expected}",
    },
    "bad_date": {
        "en": "{got} is not a date, write it as {expected}",
        "zh": "{got} 不是有效日期，应写作 {expected}",
    },
    "not_a_number": {"en": "expected a number, got {got}", "zh": "此处应为数字，现为 {got}"},
    "not_finite": {
        "en": "expected a finite number, got {got}",
        "zh": "此处应为有限的数字，现为 {got}",
    },
    "group_expected": {
        "en": "expected a mapping of facts, got {got}",
        "zh": "此处应为一组事实项（映射），现为 {got}",
    },
    # -- the condition language ----------------------------------------------------------------
    "expression_too_long": {
        "en": "this expression has {got} characters, the limit is {expected}",
        "zh": "此表达式有 {got} 个字符，上限为 {expected} 个",
    },
    "expression_too_deep": {
        "en": "this expression is nested more than {expected} levels deep: {got}",
        "zh": "此表达式嵌套超过 {expected} 层：{got}",
    },
    "bad_syntax": {"en": "{got} cannot be read: {detail}", "zh": "无法解读 {got}：{detail}"},
    "not_in_language": {
        "en": "{got} is not part of the condition language",
        "zh": "条件语言中没有 {got} 这种写法",
    },
    "bad_number": {"en": "{got} is not a decimal number", "zh": "{got} 不是十进制数"},
    "type_mismatch": {
        "en": "expected {expected}, got {got}",
        "zh": "此处应为 {expected}，现为 {got}",
    },
    "unit_mismatch": {
        "en": "these units do not go together: {expected} {detail} {got}",
        "zh": "单位不能这样运算：{expected} {detail} {got}",
    },
    "argument_count": {
        "en": "wrong number of arguments: expected {expected}, got {got}",
        "zh": "参数个数不对：应为 {expected}，现为 {got}",
    },
    "not_callable": {
        "en": "{got} takes no arguments in brackets",
        "zh": "{got} 后面不能带括号和参数",
    },
    "not_comparable": {
        "en": "{got} cannot be compared, write {expected}",
        "zh": "{got} 不能用于比较，应写 {expected}",
    },
    "not_ordered": {
        "en": "{got} has no order, use {expected}",
        "zh": "{got} 没有大小先后之分，请用 {expected}",
    },
    "not_constant": {
        "en": "expected numbers written out, got {got}",
        "zh": "集合中只能直接写数字，现为 {got}",
    },
    "no_facts_below": {"en": "{got} has no fact {detail}", "zh": "{got} 之下没有事实项 {detail}"},
    "group_not_fact": {
        "en": "{got} is a group of facts, not a fact",
        "zh": "{got} 是一组事实项，不是单个事实项",
    },
    "bad_fold": {"en": "expected {expected}, got {got}", "zh": "此处应为 {expected}，现为 {got}"},
    "shadowed_name": {
        "en": "the name {got} is already taken here",
        "zh": "名称 {got} 在此处已被使用",
    },
    "unknown_name": {"en": "unknown name {got}", "zh": "没有 {got} 这个名称"},
    "unknown_function": {"en": "unknown function {got}", "zh": "没有名为 {got} 的函数"},
    "unknown_fact": {"en": "unknown fact {got}", "zh": "没有名为 {got} 的事实项"},
    "unknown_code": {
        "en": "{got} is not a code of {expected}",
        "zh": "代码表 {expected} 中没有 {got}",
    },
    "unknown_code_list": {"en": "unknown code list {got}", "zh": "没有名为 {got} 的代码表"},
    "unknown_parameter": {"en": "unknown parameter {got}", "zh": "没有名为 {got} 的参数"},
    "unknown_table": {
        "en": "no table {got} for this function",
        "zh": "没有可用于此函数的表 {got}",
    },
    "unknown_rule": {"en": "unknown rule {got}", "zh": "没有名为 {got} 的规则"},
    "unknown_target": {"en": "unknown target {got}", "zh": "没有名为 {got} 的目标"},
    "unknown_population": {"en": "unknown population {got}", "zh": "没有名为 {got} 的人群定义"},
    "unknown_defined": {"en": "unknown definition {got}", "zh": "没有名为 {got} 的定义"},
    "unknown_external": {
        "en": "unknown external condition {got}",
        "zh": "没有名为 {got} 的外部条件",
    },
    # -- names across files --------------------------------------------------------------------
    "unknown_clause": {
        "en": "the clause ledger has no clause {got}",
        "zh": "条款台账中没有条款 {got}",
    },
    "unknown_reading": {"en": "unknown reading {got}", "zh": "没有编号为 {got} 的理解"},
    "unknown_alternative": {
        "en": "this reading has no alternative {got}",
        "zh": "此处理解没有备选项 {got}",
    },
    "unknown_pack": {"en": "unknown pack {got}", "zh": "没有名为 {got} 的规则包"},
    "unknown_record": {"en": "unknown record {got}", "zh": "没有名为 {got} 的记录"},
    "duplicate_id": {"en": "the id {got} is used twice", "zh": "编号 {got} 重复使用"},
    "cycle": {
        "en": "{got} depends on itself: {detail}",
        "zh": "{got} 循环引用了自身：{detail}",
    },
    "derive_cycle": {
        "en": "the derived fact {got} depends on itself",
        "zh": "推算的事实项 {got} 循环引用了自身",
    },
    "not_external": {
        "en": "{got} is not external, an overlay cannot set it",
        "zh": "{got} 不由外部确定，补充文件不能设定其取值",
    },
    "exclusion_subject": {
        "en": "{got} cannot be excluded by {detail}, which is about another kind of subject, {expected}",
        "zh": "{got} 不能被 {detail} 排除：后者的对象是另一类，即 {expected}",
    },
    # -- dates ---------------------------------------------------------------------------------
    "dates_reversed": {
        "en": "the end {got} lies before the beginning {expected}",
        "zh": "截止日期 {got} 早于起始日期 {expected}",
    },
    "dates_overlap": {
        "en": "the period from {got} overlaps with another one",
        "zh": "自 {got} 起的时段与另一时段重叠",
    },
    "outside_pack_dates": {
        "en": "the dates of {got} lie outside those of the pack",
        "zh": "{got} 的施行期不在规则包的施行期之内",
    },
    "no_date": {
        "en": "an evaluation needs a date: give `as_of`, here or in the record",
        "zh": "判定须有日期：请在此处或在记录中给出 `as_of`",
    },
    # -- clauses -------------------------------------------------------------------------------
    "span_overlap": {
        "en": "the span of clause {got} overlaps that of another clause",
        "zh": "条款 {got} 的原文范围与另一条款重叠",
    },
    "span_too_long": {
        "en": "this span has {got} characters, the limit is {expected}",
        "zh": "此原文范围有 {got} 字，上限为 {expected} 字",
    },
    "span_missing": {
        "en": "characters {expected} to {got} of the text belong to no clause",
        "zh": "原文第 {expected} 至 {got} 字不属于任何条款",
    },
    "clause_moved": {
        "en": "statement {detail} stands elsewhere in this text: {got}",
        "zh": "语句 {detail} 在此文本中位置不同：{got}",
    },
    "wording_differs": {
        "en": "statement {detail} does not have its fingerprint {expected} in this text; between its neighbours "
        "stands {got}",
        "zh": "语句 {detail} 在此文本中与指纹 {expected} 不符；前后语句之间是 {got}",
    },
    "clause_absent": {
        "en": "statement {detail} is not in this text",
        "zh": "此文本中没有语句 {detail}",
    },
    "not_covered": {
        "en": "no statement of the ledger covers {got}",
        "zh": "条款账没有覆盖 {got}",
    },
    "figure_unfounded": {
        "en": "the figure {got} of {detail} does not occur in the wording of {expected}",
        "zh": "{detail} 的数值 {got} 在条款 {expected} 的原文中没有出现",
    },
    "figure_unheld": {
        "en": "the ledger's entry for {detail} does not hold the figure {got} of the wording",
        "zh": "条款账的 {detail} 没有记下原文中的数值 {got}",
    },
    "bad_snapshot": {
        "en": "this is no snapshot of the form {expected}: {got}",
        "zh": "此文件不是格式为 {expected} 的快照：{got}",
    },
    "second_reading_differs": {
        "en": "the second reading of {detail} has {expected}, the pack {got}",
        "zh": "{detail} 复读结果为 {expected}，规则包为 {got}",
    },
    "property_failed": {
        "en": "property {detail} ({expected}) does not hold of {got}",
        "zh": "性质 {detail}（{expected}）不成立，反例：{got}",
    },
    "property_idle": {
        "en": "no record put the property {got} to the test",
        "zh": "没有任何记录检验到性质 {got}",
    },
    "extra_missing": {
        "en": "this needs {got}: run {expected} first",
        "zh": "此功能需要 {got}：请先运行 {expected}",
    },
    "value_not_held": {
        "en": "a table cannot hold {got} exactly: at most six decimals, and not beyond ±9.2e12",
        "zh": "表中无法精确保存 {got}：至多六位小数，且不超过 ±9.2×10¹²",
    },
    "run_unfinished": {
        "en": "an earlier run stands here unfinished: go on with `--resume`, or remove {got} to begin anew",
        "zh": "此处有一次未完成的运行：加上 `--resume` 接着做，或删除 {got} 后重新开始",
    },
    "run_differs": {
        "en": "the unfinished run is of other input or options: it has {expected}, now {got}; remove its folder "
        "to begin anew",
        "zh": "未完成的那次运行，数据或选项与现在不同：当时为 {expected}，现为 {got}；如要重新开始，请删除其目录",
    },
    "record_failed": {
        "en": "the evaluation of this record failed: {detail}",
        "zh": "对此记录的判定失败：{detail}",
    },
    "number_overflow": {
        "en": "a number in pack {got} grew beyond {expected}, the widest type of this engine; the engine `reference` has no such limit",
        "zh": "规则包 {got} 计算中的数值超出此引擎最宽的类型 {expected}；`reference` 引擎没有此限制",
    },
    "cannot_write": {
        "en": "this file cannot be written: {detail}",
        "zh": "无法写入此文件：{detail}",
    },
    "not_our_folder": {
        "en": "this folder holds {got}, which `site` did not write; name an empty or a new folder",
        "zh": "此目录中有并非由 `site` 生成的 {got}；请改用空目录或新目录",
    },
    "no_pack_applies": {
        "en": "no pack applies to region {got} on {detail}; there are: {expected}",
        "zh": "没有规则包适用于地区 {got}、日期 {detail}；现有：{expected}",
    },
    "only_perhaps": {
        "en": "no pack is sure to apply to region {got} on {detail}; perhaps: {expected}: the region is a larger one, "
        "or the document has no code of its own; look, and name the pack with `--pack`",
        "zh": "没有规则包确定适用于地区 {got}、日期 {detail}；可能适用：{expected}：地区只写到上级，或文件没有本级代码；"
        "请核对后用 `--pack` 指定",
    },
    "ambiguous": {
        "en": "{got} fits several: {expected}; name one of them",
        "zh": "{got} 对应不止一个：{expected}；请写明其中一个",
    },
    "no_region": {
        "en": "the record names no region: give `region` (a region code), or name the pack (`--pack`); "
        "there are: {expected}",
        "zh": "记录没有写地区：请写明 `region`，即行政区划代码，或用 `--pack` 指定规则包；现有：{expected}",
    },
    "no_source": {
        "en": "the official text is not here: {got}",
        "zh": "此处没有这份文件的正式文本：{got}",
    },
    "encoded_nothing": {
        "en": "nothing encodes clause {got}, and `why_not` does not say why",
        "zh": "没有任何内容对条款 {got} 编码，也没有在 `why_not` 中说明原因",
    },
    "not_encoded": {
        "en": "clause {got} is marked as {detail}, but nothing among {expected} cites it",
        "zh": "条款 {got} 标为 {detail}，但 {expected} 中没有任何内容引用它",
    },
    # -- readings, overlays, packs ---------------------------------------------------------------
    "patch_path": {"en": "the pack has nothing at {got}", "zh": "规则包中没有 {got} 这个位置"},
    "shadowed_pack": {
        "en": "{got} would hide the built-in pack of the same name",
        "zh": "{got} 与内置规则包同名，会将其遮蔽",
    },
    "bad_pack_name": {
        "en": "{got} is not a pack's name, write it like {expected}",
        "zh": "{got} 不是合规的规则包名称，应如 {expected}",
    },
    "wrong_pack": {
        "en": "this is written for the pack {got}, not for {expected}",
        "zh": "此文件是为规则包 {got} 编写的，不适用于 {expected}",
    },
    # -- tables: _messages_tables.py -------------------------------------------------------------
    **TABLES,
    **VERSIONS,
    # -- records, evaluation, checks -------------------------------------------------------------
    "engine_failed": {
        "en": "durable_rules failed on this record: {detail}",
        "zh": "durable_rules 对此记录推理失败：{detail}",
    },
    "force_mismatch": {
        "en": "the force here is {got}, but the clauses cited say {expected}",
        "zh": "此处力度为 {got}，所引条款为 {expected}",
    },
    "unknown_concept": {
        "en": "there is no concept {got} in the vocabulary",
        "zh": "词汇表中没有概念 {got}",
    },
    "pack_id": {
        "en": "the pack in this folder is called {got}, the folder is {expected}",
        "zh": "此目录中的规则包名为 {got}，目录名为 {expected}",
    },
    "duplicate_member": {
        "en": "the member {got} stands twice in this record",
        "zh": "成员 {got} 在此记录中重复出现",
    },
    "engine_disagreement": {
        "en": "the two engines disagree on {path}: {expected}, {got}",
        "zh": "两套引擎对 {path} 的判定不一致：{expected}，{got}",
    },
    "engine_unavailable": {
        "en": "the engine durable_rules cannot be used here: {detail}",
        "zh": "此处无法使用 durable_rules 引擎：{detail}",
    },
    "case_failed": {
        "en": "the case {detail} expects {expected}, got {got}",
        "zh": "案例 {detail} 预期为 {expected}，实际为 {got}",
    },
    "case_unargued": {
        "en": "the case {got} is a saved counterexample: read the clause, write what is to be expected, "
        "then take out `argued: false`",
        "zh": "案例 {got} 是保存下来的反例：请对照条款原文确定应有结论，写入 `expect` 后删去 `argued: false`",
    },
    "leaf_never_decided": {
        "en": "no case has seen {got} decide {expected}",
        "zh": "没有案例使条件 {got} 得出 {expected}",
    },
}
