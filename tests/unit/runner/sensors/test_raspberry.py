"""What a Raspberry Pi's firmware answers, and what it may answer instead."""

import pytest

from tests.support.sensor_trees import PI, PI5, PMIC, PMIC_WATTS, plant, plant_vcgencmd


def read(made):
    made.find()
    return made.read()


def test_heat_and_what_holds_the_board_back_now_and_did_before(sensor, tmp_path):
    plant_vcgencmd(tmp_path, {**PI, "get_throttled": "throttled=0x50005\n"})
    made = sensor("vcgencmd")
    channels = {channel.id: channel for channel in made.find()}
    assert channels["vcgencmd/now/throttle"].bits["0"] == "under-voltage"
    assert made.read() == (
        {
            "vcgencmd/soc/temperature": pytest.approx(52.5),
            "vcgencmd/now/throttle": 0b101,
            "vcgencmd/since-boot/throttle": 0b101,
        },
        {},
    )


def test_bits_that_stay_are_not_bits_of_now(sensor, tmp_path):
    plant_vcgencmd(tmp_path, PI)
    values, _ = read(sensor("vcgencmd"))
    assert (values["vcgencmd/now/throttle"], values["vcgencmd/since-boot/throttle"]) == (0, 0b101)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("throttled=nonsense\n", "said 'throttled=nonsense'"),
        ("", "said ''"),
        ('error=2 error_msg="Invalid arguments"\n', "Invalid arguments"),
        ("VCHI initialization failed\n", "VCHI"),
    ],
)
def test_an_answer_that_is_none_is_a_fault_of_what_was_asked(sensor, tmp_path, answer, reason):
    plant_vcgencmd(tmp_path, {**PI, "get_throttled": answer})
    values, faults = read(sensor("vcgencmd"))
    assert set(values) == {"vcgencmd/soc/temperature"}
    assert reason in faults["vcgencmd/now/throttle"]


def test_a_program_that_may_not_be_started_is_a_fault(sensor, tmp_path):
    plant_vcgencmd(tmp_path, PI)
    (tmp_path / "usr/bin/vcgencmd").chmod(0o644)
    assert "permission denied" in read(sensor("vcgencmd"))[1]["vcgencmd/soc/temperature"]


def test_a_program_that_hangs_is_a_fault(sensor, tmp_path, monkeypatch):
    monkeypatch.setattr("runner.sensors.vcgencmd.SECONDS", 0.2)
    plant(tmp_path, {"usr/bin/vcgencmd": "#!/bin/sh\nexec sleep 60\n"})
    (tmp_path / "usr/bin/vcgencmd").chmod(0o755)
    assert "did not answer within 0.2 s" in read(sensor("vcgencmd"))[1]["vcgencmd/soc/temperature"]


def test_the_old_place_of_the_program_is_known(sensor, tmp_path):
    plant_vcgencmd(tmp_path, PI)
    (tmp_path / "opt/vc/bin").mkdir(parents=True)
    (tmp_path / "usr/bin/vcgencmd").rename(tmp_path / "opt/vc/bin/vcgencmd")
    assert read(sensor("vcgencmd"))[0]["vcgencmd/soc/temperature"] == pytest.approx(52.5)


def test_the_rails_of_a_pi_5_are_multiplied_by_name_and_added(sensor, tmp_path):
    plant_vcgencmd(tmp_path, PI5)
    made = sensor("pmic")
    channels = {channel.id: channel for channel in made.find()}
    assert channels["pmic/rails/power"].scope == "rails of the PMIC"
    assert made.read() == (
        {"pmic/rails/power": pytest.approx(PMIC_WATTS), "pmic/EXT5V/voltage": pytest.approx(5.06788)},
        {},
    )


def test_a_rail_without_its_other_half_is_no_power(sensor, tmp_path):
    plant_vcgencmd(tmp_path, {"pmic_read_adc": PMIC + "   HALF_A current(9)=5.00000000A\n"})
    assert read(sensor("pmic"))[0]["pmic/rails/power"] == pytest.approx(PMIC_WATTS)


@pytest.mark.parametrize(
    "answer",
    ["", "EXT5V_V volt(24)=5.0V\n", PMIC.replace("EXT5V", "OTHER"), PMIC.replace("0.87674000A", "0.8.7A")],
)
def test_an_answer_without_rails_is_a_fault(sensor, tmp_path, answer):
    plant_vcgencmd(tmp_path, PI5)
    made = sensor("pmic")
    made.find()
    (tmp_path / "answers/pmic_read_adc").write_text(answer)
    values, faults = made.read()
    assert values == {}
    assert set(faults) == {"pmic/rails/power", "pmic/EXT5V/voltage"}


def test_an_older_board_s_firmware_does_not_know_the_command(sensor, tmp_path):
    plant_vcgencmd(tmp_path, PI)
    assert sensor("pmic").find() == []
