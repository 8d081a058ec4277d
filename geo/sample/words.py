"""What stands in the sample's cells: names, reasons and surfaces, as people would write them."""

SAMPLE_NAME = "示例小区"
STREET = "示例路"
PARK = "示例公园"
CANAL = "水渠（示例）"
BUILDING = "号楼"
GATES = {"S": "南门", "N": "北门", "W": "西门"}
SPINE_LANE = "院内主路"
ROW_LANE = "宅间路"
FEEDER_LANE = "入院路"
PARKING = "停车位"
PLAYGROUND = "活动场地"
TRANSFORMER = "箱变"
STRUCTURES = ("砖混", "框架")
SURFACES = ("沥青", "混凝土", "面砖", "绿地")
SUPPLY_RETURN = "供/回"

DELAY_REASONS = ("燃气、供水沟槽未协调", "外墙保温材料未到场", "招标流标，重新挂网", "临时用电未批")

TEE, CROSS, BEND, ENTRY, END, STRAIGHT = "三通", "四通", "弯头", "入户", "预留口", "直线点"
CHAMBER, VALVE, GRATE, LAMP, CABINET, HAND_HOLE = "检查井", "阀门井", "雨水篦", "路灯", "箱变", "手孔"

PURPOSES = {
    "water": "给水管更新",
    "gas": "燃气管新建",
    "heat": "供热管更新",
    "foul": "污水管更新",
    "power": "低压电缆新建",
    "charging": "充电桩供电",
    "light": "路灯电缆新建",
    "telecom": "通信管道新建",
}

OWNERS = (
    ("own-water", "供水公司", "Water company", "供水", ("JS",)),
    ("own-drainage", "排水管理所", "Drainage office", "排水", ("PS",)),
    ("own-gas", "燃气公司", "Gas company", "燃气", ("RQ",)),
    ("own-heat", "热力公司", "Heating company", "热力", ("RL",)),
    ("own-power", "供电公司", "Power company", "供电", ("DL",)),
    ("own-light", "路灯管理所", "Street lighting office", "路灯", ("DL",)),
    ("own-telecom", "中国电信", "China Telecom", "电信", ("TX",)),
    ("own-mobile", "中国移动", "China Mobile", "移动", ("TX",)),
    ("own-unicom", "中国联通", "China Unicom", "联通", ("TX",)),
)
CARRIERS = ("own-telecom", "own-mobile", "own-unicom")
