-- A truck is the engine's own car, seven values apart; the car profile is required, not copied, so that it
-- follows the engine's version.

local car = require('car')
local car_setup = car.setup

function car.setup()
  local profile = car_setup()
  profile.vehicle_height = $height_m
  profile.vehicle_width = $width_m
  profile.vehicle_length = $length_m
  profile.vehicle_weight = $weight_kg
  profile.vehicle_max_speed = $top_speed_kmh
  profile.access_tags_hierarchy = Sequence { 'hgv', 'motor_vehicle', 'vehicle', 'access' }
  profile.restrictions = Sequence { 'hgv', 'motor_vehicle', 'vehicle' }
  return profile
end

return car
