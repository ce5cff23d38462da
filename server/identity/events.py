"""What happens to people and tablets."""

MEMBER_ADDED = "member.added"
DEVICE_CODE_MADE = "device.code_made"
DEVICE_ENROLLED = "device.enrolled"
DEVICE_REVOKED = "device.revoked"
